using GracefulKernels.Experiments.Data;

namespace GracefulKernels.Experiments.Protocol;

/// <summary>What a network that knows CIFAR-10 is fine-tuned to: a pool that training samples are drawn from, and test images that are never drawn.</summary>
/// <param name="Name">In files.</param>
/// <param name="Title">In pictures.</param>
/// <param name="Pool">Training samples are drawn from these.</param>
/// <param name="Test">Errors are counted on these.</param>
/// <param name="KeepsHead">Whether the classes are those of CIFAR-10.</param>
internal sealed record Transfer(string Name, string Title, LabelledImages Pool, LabelledImages Test, bool KeepsHead)
{
    public const string Fashion = "fashion", Digits = "digits", Noise = "noise";

    /// <summary>CIFAR-10-C's severity 5.</summary>
    private const double Sigma = 0.1;

    private const int SplitSeed = 7, NoiseSeed = 11;

    public static readonly string[] Names = [Fashion, Digits, Noise];

    /// <summary>Reads a data set and cuts it.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="tests">Test images, at most.</param>
    public static Transfer Load(string name, int tests) => name switch
    {
        Fashion => new Transfer(name, "Fashion-MNIST", DataSets.Fashion(train: true, 20_000), LastOf(DataSets.Fashion(train: false), tests), false),
        Digits => OfDigits(tests),
        Noise => OfNoise(tests),
        _ => throw new ArgumentException($"There is no data set '{name}'; expected {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>100 of each digit to draw from, the other 797 to test.</summary>
    private static Transfer OfDigits(int tests)
    {
        LabelledImages all = DataSets.Digits();
        int[] order = [.. Enumerable.Range(0, all.Count)];
        new Random(SplitSeed).Shuffle(order);
        int[] seen = new int[LabelledImages.Classes];
        ILookup<bool, int> parts = order.ToLookup(row => seen[all.Labels[row]]++ < 100);
        return new Transfer(Digits, "digits", all.Take([.. parts[true]]), LastOf(all.Take([.. parts[false]]), tests), false);
    }

    /// <summary>The CIFAR-10 test images, which the networks have not seen, with noise: 8,000 to draw from, the others to test.</summary>
    private static Transfer OfNoise(int tests)
    {
        const int Drawn = 8_000;
        (float[] rgb, int[] labels) = DataSets.CifarTest();
        LabelledImages all = new(LabelledImages.Normalise(Corruption.AddNoise(rgb, Sigma, NoiseSeed)), labels);
        return new Transfer(Noise, "CIFAR-10 with noise", all.First(Drawn), LastOf(all.Take([.. Enumerable.Range(Drawn, labels.Length - Drawn)]), tests), true);
    }

    /// <summary>The recipe was tried out on the first test images of Fashion-MNIST; errors are counted on the last.</summary>
    private static LabelledImages LastOf(LabelledImages images, int count)
        => images.Take([.. Enumerable.Range(Math.Max(0, images.Count - count), Math.Min(count, images.Count))]);
}
