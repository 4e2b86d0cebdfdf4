namespace GracefulKernels.Tests;

/// <summary>The edge cases of a batch and of arguments, with every distance, through the public entry.</summary>
public abstract class EveryDistanceTests(KernelFamily family)
{
    private const int Classes = 4;

    public static TheoryData<CongruenceDistance> Distances => [.. Enum.GetValues<CongruenceDistance>()];

    [Theory]
    [MemberData(nameof(Distances))]
    public void IgnoredRowsAreOutOfEverything(CongruenceDistance distance)
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(20, Classes, 3);
        // Also where the row is a NaN, and where the ignore index is a class number.
        foreach (int ignore in new[] { -100, 2 })
        {
            int[] y = [.. labels.Select((label, i) => i % 3 == 0 ? ignore : label < 0 || label == ignore ? 1 : label)];
            float[] withNaN = [.. zNew];
            withNaN[0] = float.NaN;
            var options = new CongruenceOptions { Distance = distance, IgnoreIndex = ignore, Reduction = LossReduction.Sum };
            float[] gradient = new float[zNew.Length], perSample = new float[20];
            CongruenceResult result = CongruenceLoss.Evaluate(withNaN, zOld, y, Classes, options, gradient, perSample, device: family.Device);
            int[] kept = [.. Enumerable.Range(0, 20).Where(i => i % 3 != 0)];
            CongruenceResult alone = CongruenceLoss.Evaluate(
                [.. kept.SelectMany(i => zNew[(i * Classes)..((i + 1) * Classes)])],
                [.. kept.SelectMany(i => zOld[(i * Classes)..((i + 1) * Classes)])],
                [.. kept.Select(i => y[i])],
                Classes,
                options,
                device: family.Device);
            Assert.Equal((alone.ValidRows, alone.UndefinedRows, alone.Flips), (result.ValidRows, result.UndefinedRows, result.Flips));
            // The same rows in another order of sums.
            Assert.Equal(alone.Loss, result.Loss, 1e-12 * alone.Loss);
            Assert.Equal(alone.WeightedDistance, result.WeightedDistance, 1e-12 * alone.WeightedDistance);
            for (int i = 0; i < 20; i += 3)
            {
                Assert.Equal(0f, perSample[i]);
                Assert.All(gradient[(i * Classes)..((i + 1) * Classes)], g => Assert.Equal(0f, g));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Distances))]
    public void NothingValidSumsToZeroAndHasNoMean(CongruenceDistance distance)
    {
        var options = new CongruenceOptions { Distance = distance };
        float[] gradient = [1, 1, 1, 1];
        CongruenceResult ignored = CongruenceLoss.Evaluate([1, 2, 3, 4], [4, 3, 2, 1], [-100], Classes, options, gradient, device: family.Device);
        Assert.All(gradient, g => Assert.Equal(0f, g));
        CongruenceResult empty = CongruenceLoss.Evaluate([], [], [], Classes, options, device: family.Device);
        foreach (CongruenceResult mean in new[] { ignored, empty })
        {
            Assert.Equal((double.NaN, double.NaN, double.NaN, 0L, default), (mean.Loss, mean.BaseLoss, mean.Distance, mean.ValidRows, mean.Flips));
        }
        CongruenceResult sum = CongruenceLoss.Evaluate([1, 2, 3, 4], [4, 3, 2, 1], [-100], Classes, options with { Reduction = LossReduction.Sum }, device: family.Device);
        Assert.Equal((0.0, 0.0, 0.0, 0L), (sum.Loss, sum.Distance, sum.WeightedDistance, sum.ValidRows));
    }

    [Theory]
    [MemberData(nameof(Distances))]
    public void ALabelOutOfRangeIsNamedAndNothingIsWritten(CongruenceDistance distance)
    {
        foreach (int bad in new[] { -1, Classes, int.MinValue, int.MaxValue })
        {
            float[] gradient = [7, 7, 7, 7, 7, 7, 7, 7];
            ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(
                () => CongruenceLoss.Evaluate(new float[8], new float[8], [0, bad], Classes, new CongruenceOptions { Distance = distance }, gradient, device: family.Device));
            Assert.Equal("labels", e.ParamName);
            Assert.StartsWith($"labels[1] is {bad}; expected 0 to 3", e.Message, StringComparison.Ordinal);
            Assert.All(gradient, g => Assert.Equal(7f, g));
        }
    }

    [Theory]
    [MemberData(nameof(Distances))]
    public void NaNRowsAreCountedAndAreNoFlipSource(CongruenceDistance distance)
    {
        float[] zNew = [float.NaN, 1, 2, 3, 1, 2, 3, 4], zOld = [5, 1, 2, 3, 1, 2, 3, 4];
        int[] predictions = new int[2];
        CongruenceResult result = CongruenceLoss.Evaluate(
            zNew, zOld, [0, 3], Classes, new CongruenceOptions { Distance = distance }, newPredictions: predictions, device: family.Device);
        Assert.Equal(double.NaN, result.Loss);
        Assert.Equal((1L, 2L), (result.UndefinedRows, result.ValidRows));
        Assert.Equal([-1, 3], predictions);
        Assert.Equal(new FlipCounts(1, 0, 0, 1, 1, 0, 1), result.Flips);
    }

    [Theory]
    [MemberData(nameof(Distances))]
    public void OneClassHasOnlyDifferences(CongruenceDistance distance)
    {
        float[] gradient = new float[2];
        CongruenceResult result = CongruenceLoss.Evaluate(
            [3, -5], [-2.5f, -4], [0, 0], 1, new CongruenceOptions { Distance = distance, Reduction = LossReduction.Sum }, gradient, device: family.Device);
        (double loss, float[] slopes) = distance switch
        {
            CongruenceDistance.LogitMatching => (6 * 0.5 * (30.25 + 1), new[] { 6 * 5.5f, -6f }),
            CongruenceDistance.LogitDifference => (6 * (30.25 + 1), [12 * 5.5f, -12f]),
            _ => (0, [0f, 0f]),
        };
        Assert.Equal(loss, result.Loss);
        Assert.Equal(slopes, gradient);
    }

    [Fact]
    public void MoreTopClassesThanThereAreIsAllOfThem()
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(30, Classes, 8);
        foreach (bool exclude in new[] { false, true })
        {
            var options = new CongruenceOptions { Distance = CongruenceDistance.LogitDifference, ExcludeTrueClass = exclude, TopK = exclude ? Classes - 1 : Classes };
            float[] all = new float[zNew.Length], more = new float[zNew.Length];
            CongruenceResult result = CongruenceLoss.Evaluate(zNew, zOld, labels, Classes, options, all, device: family.Device);
            Assert.Equal(result, CongruenceLoss.Evaluate(zNew, zOld, labels, Classes, options with { TopK = int.MaxValue }, more, device: family.Device));
            Tolerance.AssertSameBits(all, more);
        }
    }
}

public sealed class EveryDistanceTestsOnCpu() : EveryDistanceTests(KernelFamily.Cpu);

public sealed class EveryDistanceTestsOnGpu() : EveryDistanceTests(KernelFamily.Gpu);
