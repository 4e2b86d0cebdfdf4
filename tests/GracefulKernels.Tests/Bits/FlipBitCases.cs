using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Flips: ties, rows to leave out, words that end inside, rows of several chunks.</summary>
internal static class FlipBitCases
{
    public static IEnumerable<BitCase> All =>
    [
        .. from s in new[] { (1, 1), (5, 3), (4000, 10), (70, 1003), (37, 33) } from c in Logits(s.Item1, s.Item2) select c,
        .. from rows in new[] { 1, 63, 64, 65, 1000, 140_003 } from c in Predictions(rows, classes: 13) select c,
        .. from s in new[] { (1, 1), (3, 5), (9, 1601), (20, 130) } from c in Pairs(s.Item1, s.Item2) select c,
    ];

    private static IEnumerable<BitCase> Logits(int rows, int classes)
    {
        string shape = $"{rows}x{classes}";
        int ld = classes + 2;
        long length = ((rows - 1L) * ld) + classes;
        yield return new(nameof(IKernels.Argmax), shape, (k, o) => k.Argmax(rows, classes, ld, o.Input(RandomFloats.Small(1, length)), o.Output(new int[rows])));
        yield return new(nameof(IKernels.FlipsFromLogits), shape, (k, o) => o.Returns(k.FlipsFromLogits(
            rows, classes, o.Input(RandomFloats.Small(1, length)), ld, o.Input(RandomFloats.Small(2, length)), ld, o.Labels(3, rows, classes), -100,
            o.Output(new long[classes * 7]))));
    }

    private static IEnumerable<BitCase> Predictions(int rows, int classes)
    {
        string shape = $"{rows}";
        int words = (rows + 63) / 64;
        yield return new(nameof(IKernels.FlipsFromPredictions), shape, (k, o) => o.Returns(k.FlipsFromPredictions(
            rows, o.Labels(1, rows, classes, -1), o.Labels(2, rows, classes, -1), o.Labels(3, rows, classes), -100, classes, o.Output(new long[classes * 7]))));
        yield return new(nameof(IKernels.PackCorrect), shape, (k, o)
            => k.PackCorrect(rows, o.Labels(1, rows, 3, -1), o.Labels(2, rows, 3), -100, o.Output(new ulong[words])));
        foreach (int planes in new[] { 1, 4, 32 })
        {
            yield return new(nameof(IKernels.PackPredictions), $"{rows} in {planes}", (k, o)
                => k.PackPredictions(rows, o.Labels(1, rows, classes, -1), o.Labels(2, rows, classes), -100, planes, o.Output(new ulong[planes * words])));
        }
    }

    private static IEnumerable<BitCase> Pairs(int models, int words)
    {
        const int Planes = 3;
        string shape = $"{models}x{words}";
        yield return new(nameof(IKernels.PairwiseFlips), shape, (k, o)
            => k.PairwiseFlips(models, words, o.Input(Bits(models * words)), o.Output(new long[models * models])));
        yield return new(nameof(IKernels.PairwiseDiffer), shape, (k, o)
            => k.PairwiseDiffer(models, Planes, words, o.Input(Bits(models * Planes * words)), o.Output(new long[models * models])));
    }

    private static ulong[] Bits(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
    }
}
