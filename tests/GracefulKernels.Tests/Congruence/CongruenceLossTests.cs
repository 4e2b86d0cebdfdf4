namespace GracefulKernels.Tests;

/// <summary>Losses and flips as the public entries compute them from spans.</summary>
public abstract class CongruenceLossTests(KernelFamily family)
{
    [Fact]
    public void MeanAndSumDifferByTheValidRows()
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(50, 7, 4);
        float[] meanGradient = new float[350], sumGradient = new float[350];
        var options = new CongruenceOptions { DistanceWeight = 0.5f };
        CongruenceResult mean = CongruenceLoss.Evaluate(zNew, zOld, labels, 7, options, meanGradient, device: family.Device);
        CongruenceResult sum = CongruenceLoss.Evaluate(zNew, zOld, labels, 7, options with { Reduction = LossReduction.Sum }, sumGradient, device: family.Device);
        Assert.Equal(labels.Count(y => y >= 0), mean.ValidRows);
        Assert.Equal(sum.Loss / mean.ValidRows, mean.Loss, 1e-12 * mean.Loss);
        Assert.Equal(mean.BaseLoss + (0.5 * mean.WeightedDistance), mean.Loss, 1e-12 * mean.Loss);
        Assert.Equal(sum.Flips, mean.Flips);
        // 1/n enters each coefficient before they are subtracted: some roundings of the largest entry.
        double largest = sumGradient.Max(Math.Abs) / mean.ValidRows;
        for (int i = 0; i < 350; i++) Assert.Equal(sumGradient[i] / mean.ValidRows, meanGradient[i], 8 * Tolerance.Unit * largest);
    }

    [Fact]
    public void PartsAddUpToTheWhole()
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(101, 12, 6);
        var options = new CongruenceOptions { Reduction = LossReduction.Sum };
        CongruenceResult whole = CongruenceLoss.Evaluate(zNew, zOld, labels, 12, options, device: family.Device);
        FlipCounts flips = default;
        double loss = 0;
        foreach ((int from, int to) in new[] { (0, 1), (1, 33), (33, 33), (33, 101) })
        {
            CongruenceResult part = CongruenceLoss.Evaluate(
                zNew.AsSpan(from * 12, (to - from) * 12), zOld.AsSpan(from * 12, (to - from) * 12), labels.AsSpan(from, to - from), 12, options, device: family.Device);
            flips += part.Flips;
            loss += part.Loss;
        }
        Assert.Equal(whole.Flips, flips);
        Assert.Equal(whole.Flips, FlipCounts.FromLogits(zOld, zNew, labels, 12, device: family.Device));
        Assert.Equal(whole.Loss, loss, 1e-12 * whole.Loss);
    }

    [Fact]
    public void TheGradientMayReplaceTheLogits()
    {
        foreach (int classes in new[] { 10, 200 })
        {
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(40, classes, 2);
            foreach (CongruenceDistance distance in Enum.GetValues<CongruenceDistance>())
            {
                foreach (LabelLoss loss in Enum.GetValues<LabelLoss>())
                {
                    var options = new CongruenceOptions { Distance = distance, Base = loss };
                    float[] gradient = new float[zNew.Length], inPlace = [.. zNew];
                    CongruenceResult apart = CongruenceLoss.Evaluate(zNew, zOld, labels, classes, options, gradient, device: family.Device);
                    Assert.Equal(apart, CongruenceLoss.Evaluate(inPlace, zOld, labels, classes, options, inPlace, device: family.Device));
                    Tolerance.AssertSameBits(gradient, inPlace, options.ToString());
                }
            }
        }
    }
}

public sealed class CongruenceLossTestsOnCpu() : CongruenceLossTests(KernelFamily.Cpu);

public sealed class CongruenceLossTestsOnGpu() : CongruenceLossTests(KernelFamily.Gpu);
