using GracefulKernels.Cli.Data;

namespace GracefulKernels.Cli.Demo;

/// <summary>
/// The digits as the demo cuts them: one test set that nothing is chosen on, and training samples in folds. Every old model holds back its own two neighbouring
/// folds: v1 is trained on a part of the others, and what is tried out on all of the others, so that the held-back samples are new to both, as the test set is.
/// Each fold is held back by two models.
/// </summary>
internal sealed class DemoData
{
    public DemoData(DemoSettings settings)
    {
        Digits all = Digits.All;
        double training = settings.TrainingSamples / (double)all.Count, test = settings.TestSamples / (double)all.Count, rest = 1 - training - test;
        Digits[] parts = rest > 1e-9 ? all.Split(settings.Seed, training, test, rest) : all.Split(settings.Seed, training, 1 - training);
        (Training, Test) = (parts[0], parts[1]);
        double[] shares = [.. Enumerable.Repeat(1.0 / settings.Models, settings.Models)];
        int[][] folds = Digits.SplitRows(Training.Labels, unchecked(settings.Seed + 1), shares);
        Cuts = [.. Enumerable.Range(0, settings.Models).Select(m => CutAt(settings, [.. folds[m], .. folds[(m + 1) % settings.Models]], m))];
    }

    /// <summary>What every update is trained on.</summary>
    public Digits Training { get; }

    /// <summary>What the table is counted on.</summary>
    public Digits Test { get; }

    /// <summary>For each old model.</summary>
    public IReadOnlyList<Cut> Cuts { get; }

    private Cut CutAt(DemoSettings settings, int[] held, int model)
    {
        Digits rest = Training.Take([.. Enumerable.Range(0, Training.Count).Except(held)]);
        double share = settings.FirstSamples / (double)rest.Count;
        return new Cut(rest.Split(unchecked(settings.Seed + 2 + model), share, 1 - share)[0], rest, Training.Take(held));
    }

    /// <param name="First">What v1 is trained on; a part of <paramref name="Rest"/>.</param>
    /// <param name="Rest">The training samples that are not held back.</param>
    /// <param name="Held">The two folds.</param>
    public sealed record Cut(Digits First, Digits Rest, Digits Held);
}
