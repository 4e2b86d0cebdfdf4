using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class RowLossTests(KernelFamily family)
{

    private bool IsEmulated => ReferenceEquals(family, KernelFamily.Emulated);

    /// <summary>The emulation is slow: one loss for each kernel of its own there, and for the parts of the kernel of any.</summary>
    private IEnumerable<RowLossOptions> Options => !IsEmulated ? RowLossRun.AllOptions() :
    [
        new(),
        new() { Distance = OldDistance.KlOldNew },
        new() { Distance = OldDistance.KlNewOld, Temperature = 3, LabelSmoothing = 0.1f },
        new() { Base = BaseLoss.Squared, Distance = OldDistance.LogitMatching },
        new() { Distance = OldDistance.LogitDifference, TopK = 5, RankBy = RankSource.New, ExcludeTrueClass = true, Margin = 0.25f },
    ];

    /// <summary>At the edges of the CPU's layouts; on devices also of the threads that share a row, of groups and of what they can hold.</summary>
    private int[] Widths => family.IsCpu
        ? [1, 2, 3, 10, 15, 16, 17, 33, 70, 128, 129, 1000]
        : IsEmulated ? [5, 36, 260, 261] : [1, 2, 3, 8, 9, 10, 16, 31, 32, 33, 64, 65, 70, 100, 127, 128, 129, 1000, 1003, 2048, 2052, 4096, 5000];

    [Fact]
    public void ValuesAndGradientsMatchTheReference()
    {
        foreach (int classes in Widths)
        {
            int rows = IsEmulated ? 7 : classes > 100 ? 23 : 37;
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, classes, classes);
            foreach (RowLossOptions options in Options)
            {
                foreach (IKernels kernels in family.Sets)
                {
                    Check(options, new RowLossRun(kernels, options, zNew, zOld, labels, classes), zNew, zOld, labels, classes);
                }
            }
        }
    }

    [Fact]
    public void AReferenceRanksTheClasses()
    {
        foreach (int classes in IsEmulated ? [36] : new[] { 1, 7, 40, 300 })
        {
            int rows = IsEmulated ? 3 : 21;
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, classes, classes);
            float[] reference = RowLossRun.Sample(rows, classes, 99).New;
            foreach (RowLossOptions options in RowLossRun.TopDifferences().Select(o => o with { RankBy = RankSource.Reference }))
            {
                foreach (IKernels kernels in family.Sets)
                {
                    Check(options, new RowLossRun(kernels, options, zNew, zOld, labels, classes, reference: reference), zNew, zOld, labels, classes, reference);
                }
            }
        }
    }

    /// <summary>Whole numbers have many ties, also at the place where the top K end; and rows in which all are tied.</summary>
    [Fact]
    public void TiesAmongTheTopClassesGoToTheLowestIndex()
    {
        if (IsEmulated) return;
        foreach (int classes in new[] { 5, 64, 130, 1000 })
        {
            const int Rows = 20;
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(Rows, classes, classes);
            for (int i = 0; i < zOld.Length; i++)
            {
                zOld[i] = i / classes % 4 == 0 ? 2 : i / classes % 4 == 1 ? (i % 2 == 0 ? 0f : -0f) : MathF.Round(zOld[i]);
            }
            foreach (int k in new[] { 1, 2, 10, 16, 40 })
            {
                var options = new RowLossOptions { Distance = OldDistance.LogitDifference, TopK = k, ExcludeTrueClass = k % 4 == 2 };
                foreach (IKernels kernels in family.Sets) Check(options, new RowLossRun(kernels, options, zNew, zOld, labels, classes), zNew, zOld, labels, classes);
            }
        }
    }

    /// <summary>A label of −1 is none of the classes: all of them may be chosen, and its row counts.</summary>
    [Fact]
    public void ALabelMayBeNoneOfTheClasses()
    {
        foreach (int classes in IsEmulated ? [] : new[] { 6, 40, 300 })
        {
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(20, classes, classes);
            for (int r = 0; r < labels.Length; r += 3) labels[r] = -1;
            RowLossOptions[] all =
            [
                .. new[] { OldDistance.KlOldNew, OldDistance.KlNewOld, OldDistance.LogitMatching }.Select(d => new RowLossOptions { Distance = d }),
                .. RowLossRun.TopDifferences(),
                new() { Distance = OldDistance.LogitDifference, TopK = 5, ExcludeTrueClass = true },
            ];
            foreach (RowLossOptions each in all)
            {
                RowLossOptions options = each with { Base = BaseLoss.None, FocalBeta = 0, UnknownLabels = true, LabelSmoothing = 0 };
                foreach (IKernels kernels in family.Sets) Check(options, new RowLossRun(kernels, options, zNew, zOld, labels, classes), zNew, zOld, labels, classes);
            }
        }
    }

    [Fact]
    public void WithoutAnOldModelOnlyTheBaseCounts()
    {
        (float[] zNew, _, int[] labels) = RowLossRun.Sample(19, 10, 3);
        foreach (OldDistance distance in Enum.GetValues<OldDistance>())
        {
            var options = new RowLossOptions { Distance = distance };
            foreach (IKernels kernels in family.Sets)
            {
                var run = new RowLossRun(kernels, options, zNew, null, labels, 10);
                Check(options, run, zNew, null, labels, 10);
                Assert.Equal(default, run.Sums.Flips);
            }
        }
    }

    [Fact]
    public void ARowDoesNotDependOnItsNeighbours()
    {
        foreach (int classes in family.IsCpu ? new[] { 10, 40, 200 } : IsEmulated ? [] : [10, 200])
        {
            (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(33, classes, 8);
            zOld[(2 * classes) + 1] = float.NegativeInfinity;
            foreach (RowLossOptions options in family.IsCpu ? RowLossRun.AllOptions() : RowLossRun.AllOptions().Where((_, i) => i % 5 == 0))
            {
                IKernels kernels = family.IsCpu ? KernelSetCases.Get(KernelSetCases.Targets[0]) : family.Best;
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

    private static void Check(in RowLossOptions options, RowLossRun run, float[] zNew, float[]? zOld, int[] labels, int classes, float[]? reference = null)
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
            LossReference.Row expected = LossReference.Evaluate(options, n, o, labels[r], reference is null ? [] : reference.AsSpan(r * classes, classes));
            valid++;
            sumBase += expected.Base;
            sumDistance += expected.Distance;
            sumWeighted += expected.Weight * expected.Distance;
            // 5e-6 relative: arguments of exp carry |z|·2⁻²⁴ ≈ 2e-6 at |z| = 40, sums about 4e-7, and a plain KL at its limit
            // loses a factor 8 of that. 1e-7 absolute for the fixtures' sake; at τ² = 10⁴ it grows as the value does.
            double scale = options.TemperatureSquared ? options.Temperature * options.Temperature : 1;
            // A difference that is near ξ keeps the rounding of ξ: 2⁻²⁴·ξ of an excess, by the slope p·e^{p−1} of its value.
            bool margin = options is { Distance: OldDistance.LogitDifference, Margin: > 0 };
            double rounding = margin ? 2 * Tolerance.Unit * options.Margin * options.DistanceWeight * expected.Weight * options.Power * Math.Max(1, expected.Distance) : 0;
            Assert.True(
                Math.Abs(run.Values[r] - expected.Value) <= (5e-6 * Math.Abs(expected.Value)) + (1e-9 * scale) + rounding,
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
            cancelled += rounding * options.Power * options.GradientScale;
            Assert.True(Math.Sqrt(difference) <= (5e-6 * Math.Sqrt(norm)) + cancelled,
                $"{what}: gradient off by {Math.Sqrt(difference):E2} of {Math.Sqrt(norm):E2}");
        }
        Assert.Equal(valid, run.Sums.ValidRows);
        Assert.Equal(0, run.Sums.UndefinedRows);
        Assert.Equal(sumBase, run.Sums.Base, Math.Abs(sumBase) * 5e-6 + 1e-9);
        double distanceScale = 1e-9 * labels.Length * options.Temperature * options.Temperature;
        if (options.Distance == OldDistance.LogitDifference) distanceScale += 1e-6 * options.Margin * labels.Length;
        Assert.Equal(sumDistance, run.Sums.Distance, (Math.Abs(sumDistance) * 5e-6) + distanceScale);
        if (options.Distance != OldDistance.None) Assert.Equal(sumWeighted, run.Sums.WeightedDistance,
            (Math.Abs(sumWeighted) * 5e-6) + (6 * distanceScale));
    }
}

public sealed class RowLossTestsOnCpu() : RowLossTests(KernelFamily.Cpu);

public sealed class RowLossTestsOnGpu() : RowLossTests(KernelFamily.Gpu);

[Collection(EmulatedCollection.Name)]
public sealed class RowLossTestsEmulated() : RowLossTests(KernelFamily.Emulated);
