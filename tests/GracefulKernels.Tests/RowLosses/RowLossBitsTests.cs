using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>What holds of the CPU sets and of the reference alone.</summary>
public class RowLossBitsTests
{
    [Fact]
    public void GradientIsTheDerivativeOfTheValue()
    {
        // The reference against central differences of itself, in fp64: what the kernel is compared with is a gradient indeed.
        // The error of a step h is of the order h² times a third derivative, which is below the largest entry, or 1 where that
        // is 0.
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(10, 6, 5);
        foreach (RowLossOptions options in RowLossRun.AllOptions())
        {
            // LDI has no derivative where a step changes which classes are the top ones: by the new logits and fewer than all of them.
            if (options is { Distance: OldDistance.LogitDifference, RankBy: RankSource.New, TopK: < 6 }) continue;
            for (int r = 0; r < 10; r++)
            {
                float[] z = zNew[(r * 6)..((r + 1) * 6)], old = zOld[(r * 6)..((r + 1) * 6)];
                double[] gradient = LossReference.Evaluate(options, z, old, labels[r]).Gradient;
                double largest = gradient.Max(Math.Abs);
                for (int k = 0; k < 6; k++)
                {
                    // Nor has it higher ones where an excess begins.
                    double apart = Math.Abs(z[k] - old[k]);
                    if (options.Distance == OldDistance.LogitDifference && Math.Min(apart, Math.Abs(apart - options.Margin)) < 0.05) continue;
                    float centre = z[k], step = Math.Max(1, MathF.Abs(centre)) * 1e-3f;
                    z[k] = centre + step;
                    double up = LossReference.Evaluate(options, z, old, labels[r]).Value, high = z[k];
                    z[k] = centre - step;
                    double down = LossReference.Evaluate(options, z, old, labels[r]).Value, low = z[k];
                    z[k] = centre;
                    double slope = (up - down) / (high - low) * options.GradientScale;
                    Assert.True(Math.Abs(slope - gradient[k]) <= (1e-4 * largest) + (step * step),
                        $"{options}: {slope} {gradient[k]}");
                }
            }
        }
    }

    [Fact]
    public void EverySetGivesTheSameBits()
    {
        // One chunk of rows: threads do not enter, so every option on every instruction set.
        foreach ((int rows, int classes) in new[] { (0, 5), (1, 1), (70, 3), (33, 17), (25, 70), (19, 129), (9, 1000) })
        {
            foreach (RowLossOptions options in RowLossRun.AllOptions()) SameBits(rows, classes, options,
                KernelSetCases.Targets.Select(t => KernelSetCases.Get(t, 1)));
        }
        // Several chunks: every number of threads.
        foreach ((int rows, int classes) in new[] { (3300, 41), (700, 300) })
        {
            SameBits(rows, classes, new RowLossOptions { Distance = OldDistance.KlOldNew, Temperature = 2 },
                KernelSetCases.All());
            SameBits(rows, classes, new RowLossOptions { Base = BaseLoss.Squared, Distance = OldDistance.LogitMatching },
                KernelSetCases.All());
        }
    }

    private static void SameBits(int rows, int classes, RowLossOptions options, IEnumerable<IKernels> sets)
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, classes, rows);
        if (rows > 8)
        {
            zNew[(3 * classes) + 2] = float.NaN;
            zOld[(4 * classes) + 1] = float.NegativeInfinity;
            zNew[(5 * classes) + 1] = float.PositiveInfinity;
        }
        RowLossRun? first = null;
        foreach (IKernels kernels in sets)
        {
            var run = new RowLossRun(kernels, options, zNew, zOld, labels, classes);
            first ??= run;
            string what = $"{kernels.Name} {kernels.Threads} [{rows} × {classes}] {options}";
            Tolerance.AssertSameBits(first.Values, run.Values, what);
            Tolerance.AssertSameBits(first.Gradient, run.Gradient, what);
            Assert.Equal(first.PredictionsNew, run.PredictionsNew);
            Assert.Equal(first.PredictionsOld, run.PredictionsOld);
            Assert.Equal(first.Sums, run.Sums);
        }
    }
}
