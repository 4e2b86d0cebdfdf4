namespace GracefulKernels.Tests;

public sealed class CongruenceSumsTests
{
    public static TheoryData<int, int> Shapes => new() { { 3, 2500 }, { 10, 2500 }, { 17, 1300 }, { 1000, 130 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AnyBlockSizeGivesTheSameBits(int classes, int rows)
    {
        (float[] old, float[] now, int[] labels) = Data(classes, rows, seed: classes);
        foreach (CongruenceOptions options in Options())
        {
            CongruenceSums whole = Sums(classes, options, old, now, labels, rows, ComputeDevice.Default);
            float[] values = new float[rows];
            CongruenceResult once = CongruenceLoss.Evaluate(now, old, labels, classes, options, perSample: values);
            Assert.Equal((once.ValidRows, once.UndefinedRows, once.Flips), (whole.ValidRows, whole.UndefinedRows, whole.Flips));
            Assert.Equal(FlipCounts.PerClassFromLogits(old, now, labels, classes, -1), whole.FlipsPerClass());
            // Each of L_i is rounded to fp32 (6e-8) here, and its parts there.
            Assert.Equal(once.Loss, whole.Loss, 1e-6 * Math.Abs(once.Loss));
            foreach (int block in (int[])[1, 7, 64, 1000])
            {
                AssertSame(whole, Sums(classes, options, old, now, labels, block, ComputeDevice.Default));
            }
        }
    }

    [Fact]
    public void AnyInstructionSetAndNumberOfThreadsGivesTheSameBits()
    {
        (float[] old, float[] now, int[] labels) = Data(10, 700, seed: 1);
        CongruenceSums first = Sums(10, new() { IgnoreIndex = -1 }, old, now, labels, 64, ComputeDevice.Default);
        foreach (SimdLevel simd in ComputeDevice.SupportedSimd)
        {
            using ComputeDevice device = ComputeDevice.Open("cpu", simd, threads: 3);
            AssertSame(first, Sums(10, new() { IgnoreIndex = -1 }, old, now, labels, 191, device));
        }
    }

    [Fact]
    public void PartsMergeInAnyOrderToTheSameBits()
    {
        (float[] old, float[] now, int[] labels) = Data(10, 900, seed: 2);
        CongruenceOptions options = new() { IgnoreIndex = -1 };
        CongruenceSums whole = Sums(10, options, old, now, labels, 900, ComputeDevice.Default);
        (int From, int To)[] cuts = [(0, 13), (13, 500), (500, 900)];
        CongruenceSums[] parts = [.. cuts.Select(
            p => Sums(10, options, old[(p.From * 10)..(p.To * 10)], now[(p.From * 10)..(p.To * 10)], labels[p.From..p.To], 100, ComputeDevice.Default))];
        foreach (int[] order in (int[][])[[0, 1, 2], [2, 0, 1], [1, 2, 0]])
        {
            CongruenceSums merged = new(10, options, perClass: true);
            foreach (int i in order) merged.Add(parts[i]);
            AssertSame(whole, merged);
        }
    }

    [Theory]
    [InlineData(CongruenceDistance.KlOldNew)]
    [InlineData(CongruenceDistance.LogitDifference)]
    public void AClassMapAndReferenceLogitsGoThrough(CongruenceDistance distance)
    {
        const int Classes = 6, Rows = 300;
        (float[] reference, float[] now, int[] labels) = Data(Classes, Rows, seed: 5);
        float[] old = Data(4, Rows, seed: 6).Old;
        var map = new ClassMap([5, 0, -1, 2], Classes);
        CongruenceOptions options = new() { Distance = distance, RankBy = RankBy.Reference, TopK = 2, IgnoreIndex = -1, Reduction = LossReduction.Sum };
        if (distance != CongruenceDistance.LogitDifference) reference = [];
        float[] values = new float[Rows];
        CongruenceResult once = CongruenceLoss.Evaluate(now, old, labels, Classes, options, perSample: values, referenceLogits: reference, classMap: map);
        CongruenceSums sums = new(Classes, options, perClass: true, map);
        for (int first = 0, rows; first < Rows; first += rows)
        {
            rows = Math.Min(70, Rows - first);
            ReadOnlySpan<float> ranked = reference.Length == 0 ? [] : reference.AsSpan(first * Classes, rows * Classes);
            sums.Add(now.AsSpan(first * Classes, rows * Classes), old.AsSpan(first * 4, rows * 4), labels.AsSpan(first, rows), referenceLogits: ranked);
        }
        Assert.Equal((once.ValidRows, once.UndefinedRows, once.Flips), (sums.ValidRows, sums.UndefinedRows, sums.Flips));
        Assert.Equal(once.Flips, sums.FlipsPerClass().Aggregate(FlipCounts.Add));
        // Of fp32 values exactly, rounded once.
        Assert.Equal(values.Sum(v => (double)v), sums.Loss, 1e-12 * Math.Abs(sums.Loss));
        Assert.Equal("other", Assert.Throws<ArgumentException>(() => sums.Add(new CongruenceSums(Classes, options, perClass: true))).ParamName);
        Assert.Equal("classMap", Assert.Throws<ArgumentException>(() => new CongruenceSums(Classes + 1, options, classMap: map)).ParamName);
    }

    [Fact]
    public void UndefinedAndIgnoredRowsAndNoneAtAll()
    {
        CongruenceSums sums = new(2, new() { Distance = CongruenceDistance.None, IgnoreIndex = -1 });
        Assert.Equal(double.NaN, sums.Loss);
        sums.Add([], [], []);
        sums.Add([5, 5], [], [-1]);
        Assert.Equal((1, 0, double.NaN), (sums.Rows, sums.ValidRows, sums.Loss));
        sums.Add([0, 0], [], [1]);
        // ln 2 in fp32.
        Assert.Equal(Math.Log(2), sums.Loss, 1e-7);
        Assert.Equal(default, sums.Flips);
        int[] predicted = new int[1];
        sums.Add([float.NaN, 0], [], [1], predicted);
        Assert.Equal((3, 2, 1, -1, double.NaN), (sums.Rows, sums.ValidRows, sums.UndefinedRows, predicted[0], sums.Loss));
        Assert.Equal(0, new CongruenceSums(2, new() { Reduction = LossReduction.Sum }).Loss);
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedAndAddsNothing()
    {
        CongruenceSums sums = new(2, new() { Distance = CongruenceDistance.None }), classes = new(2, sums.Options, perClass: true);
        sums.Add([0, 1], [], [1]);
        Assert.Equal("oldLogits", Assert.Throws<ArgumentException>(() => sums.Add([0, 1], [0, 1], [1])).ParamName);
        Assert.Equal("oldLogits", Assert.Throws<ArgumentException>(() => classes.Add([0, 1], [], [1])).ParamName);
        Assert.Equal("newLogits", Assert.Throws<ArgumentException>(() => sums.Add([0, 1, 2], [], [1])).ParamName);
        ArgumentOutOfRangeException label = Assert.Throws<ArgumentOutOfRangeException>(() => sums.Add([0, 1, 0, 1], [], [1, 2]));
        Assert.StartsWith("labels[1] is 2", label.Message, StringComparison.Ordinal);
        Assert.Equal(1, sums.Rows);
        Assert.Throws<ArgumentException>(() => sums.Add(new CongruenceSums(3, sums.Options)));
        Assert.Throws<ArgumentException>(() => sums.Add(new CongruenceSums(2)));
        Assert.Throws<ArgumentException>(() => sums.Add(classes));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CongruenceSums(0));
        Assert.Throws<InvalidOperationException>(sums.FlipsPerClass);
        Assert.Equal((1, 1), (sums.Rows, sums.ValidRows));
    }

    private static IEnumerable<CongruenceOptions> Options()
    {
        foreach (CongruenceDistance distance in Enum.GetValues<CongruenceDistance>())
        {
            yield return new() { Distance = distance, IgnoreIndex = -1, Temperature = 2 };
        }
        yield return new() { Base = LabelLoss.Squared, IgnoreIndex = -1, Reduction = LossReduction.Sum };
    }

    private static CongruenceSums Sums(int classes, CongruenceOptions options, float[] old, float[] now, int[] labels, int block, ComputeDevice device)
    {
        CongruenceSums sums = new(classes, options, perClass: true);
        for (int first = 0; first < labels.Length; first += block)
        {
            int rows = Math.Min(block, labels.Length - first);
            sums.Add(now.AsSpan(first * classes, rows * classes), old.AsSpan(first * classes, rows * classes), labels.AsSpan(first, rows), device: device);
        }
        return sums;
    }

    private static void AssertSame(CongruenceSums expected, CongruenceSums actual)
    {
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected.Loss), BitConverter.DoubleToInt64Bits(actual.Loss));
        Assert.Equal((expected.Rows, expected.ValidRows, expected.UndefinedRows, expected.Flips), (actual.Rows, actual.ValidRows, actual.UndefinedRows, actual.Flips));
        Assert.Equal(expected.FlipsPerClass(), actual.FlipsPerClass());
    }

    private static (float[] Old, float[] New, int[] Labels) Data(int classes, int rows, int seed)
    {
        Random random = new(seed);
        float[] old = new float[rows * classes], now = new float[rows * classes];
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            labels[i] = i % 31 == 5 ? -1 : random.Next(classes);
            for (int c = 0; c < classes; c++)
            {
                old[(i * classes) + c] = (6 * random.NextSingle()) + (c == labels[i] ? 3 : 0);
                now[(i * classes) + c] = (6 * random.NextSingle()) + (c == labels[i] ? 4 : 0);
            }
        }
        return (old, now, labels);
    }
}
