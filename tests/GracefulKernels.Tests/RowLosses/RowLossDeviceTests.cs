using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>What only devices have: kernels chosen by alignment and leading dimension, rows that no group holds, and the same bits on every run.</summary>
public abstract class RowLossDeviceTests(KernelFamily family)
{
    private static readonly RowLossOptions[] Options =
    [
        new(),
        new() { Distance = OldDistance.KlOldNew },
        new() { Distance = OldDistance.KlNewOld, Temperature = 3, LabelSmoothing = 0.1f },
        new() { Base = BaseLoss.Squared, Distance = OldDistance.LogitMatching },
        new() { Distance = OldDistance.LogitDifference, TopK = 7, RankBy = RankSource.New, ExcludeTrueClass = true },
    ];

    [Fact]
    public void RowsThatLieApartAndOffTheirAlignmentGiveTheSame()
    {
        IKernels kernels = family.Best;
        foreach (int classes in new[] { 8, 10, 100, 1000 })
        {
            const int Rows = 21;
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(Rows, classes, classes);
            foreach (RowLossOptions options in Options)
            {
                var packed = new RowLossRun(kernels, options, zNew, zOld, labels, classes);
                foreach ((int gap, int offset) in new[] { (0, 1), (4, 0), (3, 0), (5, 2) })
                {
                    (float[] values, float[] gradient, RowLossSums sums) = OnDevice(kernels, options, zNew, zOld, labels, classes, gap, offset);
                    // Another order of the same sums.
                    Assert.Equal(packed.Sums.Flips, sums.Flips);
                    Assert.Equal(packed.Sums.Base, sums.Base, 2e-6 * Math.Abs(packed.Sums.Base));
                    for (int r = 0; r < Rows; r++) Assert.Equal(packed.Values[r], values[r], (4e-6 * Math.Abs(packed.Values[r])) + 1e-9);
                    for (int i = 0; i < gradient.Length; i++) Assert.Equal(packed.Gradient[i], gradient[i], (1e-5 * Math.Abs(packed.Gradient[i])) + 1e-6);
                }
            }
        }
    }

    [Fact]
    public void RowsTooWideForAGroupMatchTheReference()
    {
        foreach (int classes in new[] { 8192, 9001, 32000 })
        {
            const int Rows = 4;
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(Rows, classes, classes);
            foreach (RowLossOptions options in Options)
            {
                var run = new RowLossRun(family.Best, options, zNew, zOld, labels, classes);
                for (int r = 0; r < Rows; r++)
                {
                    LossReference.Row expected = LossReference.Evaluate(options, zNew.AsSpan(r * classes, classes), zOld.AsSpan(r * classes, classes), labels[r]);
                    Assert.Equal(expected.ArgmaxNew, run.PredictionsNew[r]);
                    Assert.Equal(expected.Value, run.Values[r], (5e-6 * Math.Abs(expected.Value)) + 1e-9);
                    double norm = 0, difference = 0;
                    for (int k = 0; k < classes; k++)
                    {
                        norm += expected.Gradient[k] * expected.Gradient[k];
                        difference += Math.Pow(run.Gradient[(r * classes) + k] - expected.Gradient[k], 2);
                    }
                    Assert.True(Math.Sqrt(difference) <= (5e-6 * Math.Sqrt(norm)) + (2 * Tolerance.Unit * options.LabelSmoothing), $"{classes} classes, row {r}, {options}");
                }
            }
        }
    }

    [Fact]
    public void EveryRunGivesTheSameBits()
    {
        foreach ((int rows, int classes) in new[] { (3000, 10), (300, 1000), (7, 9000) })
        {
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, classes, rows);
            foreach (RowLossOptions options in Options)
            {
                var first = new RowLossRun(family.Best, options, zNew, zOld, labels, classes);
                var second = new RowLossRun(family.Best, options, zNew, zOld, labels, classes);
                Tolerance.AssertSameBits(first.Values, second.Values, $"{rows} × {classes}");
                Tolerance.AssertSameBits(first.Gradient, second.Gradient, $"{rows} × {classes}");
                Assert.Equal(first.Sums, second.Sums);
            }
        }
    }

    /// <summary>Every operand in device memory, <paramref name="offset"/> elements behind the beginning of its buffer.</summary>
    private static (float[] Values, float[] Gradient, RowLossSums Sums) OnDevice(
        IKernels kernels, RowLossOptions options, float[] zNew, float[] zOld, int[] labels, int classes, int gap, int offset)
    {
        int rows = labels.Length, ld = classes + gap;
        using DeviceMemory n = Apart(kernels, zNew, rows, classes, ld, offset), o = Apart(kernels, zOld, rows, classes, ld, offset);
        using DeviceMemory y = kernels.Allocate(rows * sizeof(int)), v = kernels.Allocate(rows * sizeof(float));
        using DeviceMemory g = kernels.Allocate((offset + (rows * classes)) * sizeof(float));
        Block<int> label = y.AsBlock<int>();
        kernels.Upload<int>(labels, label);
        Block<float> values = v.AsBlock<float>(), gradient = g.AsBlock<float>().Slice(offset, rows * classes);
        RowLossSums sums = kernels.RowLoss(
            options,
            new RowLossOperands
            {
                Rows = rows,
                Classes = classes,
                New = n.AsBlock<float>().Slice(offset, rows * ld),
                LdNew = ld,
                Old = o.AsBlock<float>().Slice(offset, rows * ld),
                LdOld = ld,
                Labels = label,
                Gradient = gradient,
                Values = values,
            });
        float[] value = new float[rows], slope = new float[rows * classes];
        kernels.Download(values, value.AsSpan());
        kernels.Download(gradient, slope.AsSpan());
        return (value, slope, sums);
    }

    private static DeviceMemory Apart(IKernels kernels, float[] z, int rows, int classes, int ld, int offset)
    {
        float[] apart = RandomFloats.Filled(offset + (rows * ld), float.NaN);
        for (int r = 0; r < rows; r++) z.AsSpan(r * classes, classes).CopyTo(apart.AsSpan(offset + (r * ld)));
        DeviceMemory memory = kernels.Allocate(apart.Length * sizeof(float));
        kernels.Upload<float>(apart, memory.AsBlock<float>());
        return memory;
    }
}

public sealed class RowLossDeviceTestsOnGpu() : RowLossDeviceTests(KernelFamily.Gpu);
