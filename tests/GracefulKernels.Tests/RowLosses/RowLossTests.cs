using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public class RowLossTests
{
    public static TheoryData<string> Targets => KernelSetCases.Names;

    [Theory]
    [MemberData(nameof(Targets))]
    public void ValuesAndGradientsMatchTheReference(string target)
    {
        foreach (int classes in new[] { 1, 2, 3, 10, 15, 16, 17, 33, 70, 128, 129, 1000 })
        {
            int rows = classes > 100 ? 23 : 37;
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, classes, classes);
            foreach (RowLossOptions options in RowLossRun.AllOptions())
            {
                Check(options, new RowLossRun(KernelSetCases.Get(target), options, zNew, zOld, labels, classes), zNew, zOld,
                    labels, classes);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void WithoutAnOldModelOnlyTheBaseCounts(string target)
    {
        (float[] zNew, _, int[] labels) = RowLossRun.Sample(19, 10, 3);
        foreach (OldDistance distance in Enum.GetValues<OldDistance>())
        {
            var options = new RowLossOptions { Distance = distance };
            var run = new RowLossRun(KernelSetCases.Get(target), options, zNew, null, labels, 10);
            Check(options, run, zNew, null, labels, 10);
            Assert.Equal(default, run.Sums.Flips);
        }
    }

    [Fact]
    public void GradientIsTheDerivativeOfTheValue()
    {
        // The reference against central differences of itself, in fp64: what the kernel is compared with is a gradient indeed.
        // The error of a step h is of the order h² times a third derivative, which is below the largest entry, or 1 where that
        // is 0.
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(10, 6, 5);
        foreach (RowLossOptions options in RowLossRun.AllOptions())
        {
            for (int r = 0; r < 10; r++)
            {
                float[] z = zNew[(r * 6)..((r + 1) * 6)], old = zOld[(r * 6)..((r + 1) * 6)];
                double[] gradient = LossReference.Evaluate(options, z, old, labels[r]).Gradient;
                double largest = gradient.Max(Math.Abs);
                for (int k = 0; k < 6; k++)
                {
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

    [Fact]
    public void ARowDoesNotDependOnItsNeighbours()
    {
        foreach (int classes in new[] { 10, 40, 200 })
        {
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(33, classes, 8);
            zOld[(2 * classes) + 1] = float.NegativeInfinity;
            foreach (RowLossOptions options in RowLossRun.AllOptions())
            {
                IKernels kernels = KernelSetCases.Get(KernelSetCases.Targets[0]);
                var all = new RowLossRun(kernels, options, zNew, zOld, labels, classes);
                for (int r = 0; r < 33; r++)
                {
                    int start = r * classes, end = start + classes;
                    var one = new RowLossRun(kernels, options, zNew[start..end], zOld[start..end], [labels[r]], classes);
                    Tolerance.AssertSameBits([all.Values[r]], one.Values, $"row {r} of {options}");
                    Tolerance.AssertSameBits(all.Gradient.AsSpan(start, classes), one.Gradient, $"row {r} of {options}");
                }
            }
        }
    }

    private static void Check(in RowLossOptions options, RowLossRun run, float[] zNew, float[]? zOld, int[] labels, int classes)
    {
        double sumBase = 0, sumDistance = 0, sumWeighted = 0;
        long valid = 0;
        for (int r = 0; r < labels.Length; r++)
        {
            Span<float> gradient = run.Gradient.AsSpan(r * classes, classes);
            ReadOnlySpan<float> n = zNew.AsSpan(r * classes, classes), o = zOld is null ? [] : zOld.AsSpan(r * classes, classes);
            string what = $"[{labels.Length} × {classes}] row {r}, {options}";
            Assert.Equal(LossReference.Argmax(n), run.PredictionsNew[r]);
            if (zOld is not null) Assert.Equal(LossReference.Argmax(o), run.PredictionsOld[r]);
            if (labels[r] == options.IgnoreIndex)
            {
                Assert.Equal(0f, run.Values[r]);
                Assert.All(gradient.ToArray(), g => Assert.Equal(0f, g));
                continue;
            }
            LossReference.Row expected = LossReference.Evaluate(options, n, o, labels[r]);
            valid++;
            sumBase += expected.Base;
            sumDistance += expected.Distance;
            sumWeighted += expected.Weight * expected.Distance;
            // 5e-6 relative: arguments of exp carry |z|·2⁻²⁴ ≈ 2e-6 at |z| = 40, sums about 4e-7, and a plain KL at its limit
            // loses a factor 8 of that. 1e-7 absolute for the fixtures' sake; at τ² = 10⁴ it grows as the value does.
            double scale = options.TemperatureSquared ? options.Temperature * options.Temperature : 1;
            Assert.True(
                Math.Abs(run.Values[r] - expected.Value) <= (5e-6 * Math.Abs(expected.Value)) + (1e-9 * scale),
                $"{what}: {run.Values[r]:R}, expected {expected.Value:R}");
            double norm = 0, difference = 0;
            for (int k = 0; k < classes; k++)
            {
                norm += expected.Gradient[k] * expected.Gradient[k];
                difference += Math.Pow(gradient[k] - expected.Gradient[k], 2);
            }
            // The same 5e-6 by norm, also where the two models agree to 1e-3: the centred form has no cancellation. 1e-15: the
            // reference subtracts probabilities in fp64. With smoothing p − ε/C cancels where they meet: two roundings of each.
            double cancelled = options.LabelSmoothing == 0
                ? 1e-15 : 2 * Tolerance.Unit * options.LabelSmoothing * options.GradientScale;
            Assert.True(Math.Sqrt(difference) <= (5e-6 * Math.Sqrt(norm)) + cancelled,
                $"{what}: gradient off by {Math.Sqrt(difference):E2} of {Math.Sqrt(norm):E2}");
        }
        Assert.Equal(valid, run.Sums.ValidRows);
        Assert.Equal(0, run.Sums.UndefinedRows);
        Assert.Equal(sumBase, run.Sums.Base, Math.Abs(sumBase) * 5e-6 + 1e-9);
        double distanceScale = 1e-9 * labels.Length * options.Temperature * options.Temperature;
        Assert.Equal(sumDistance, run.Sums.Distance, (Math.Abs(sumDistance) * 5e-6) + distanceScale);
        if (options.Distance != OldDistance.None) Assert.Equal(sumWeighted, run.Sums.WeightedDistance,
            (Math.Abs(sumWeighted) * 5e-6) + (6 * distanceScale));
    }
}
