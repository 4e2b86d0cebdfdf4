using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The edge cases that every device treats alike, one test each, in both layouts (few classes, many classes).</summary>
public abstract class RowLossEdgeTests(KernelFamily family)
{
    private const float Inf = float.PositiveInfinity;

    /// <summary>Classes that are not under test: far below the rest, so that they change nothing.</summary>
    private const float Far = -1e4f;

    /// <summary>Both layouts of the CPU; on devices a thread a row, several, and all of a group.</summary>
    public static TheoryData<int> Widths => [5, 150, 1004, 2100];

    private IEnumerable<IKernels> Sets => family.IsCpu ? KernelSetCases.Targets.Select(t => KernelSetCases.Get(t, 1)) : family.Sets;

    private static RowLossRun Run(IKernels kernels, int classes, RowLossOptions options, float[] zNew, float[]? zOld, int label)
        => new(kernels, options, Fill(zNew, classes), zOld is null ? null : Fill(zOld, classes),
        [label], classes);

    private static float[] Fill(float[] z, int classes) => [.. z, .. Enumerable.Repeat(Far, classes - z.Length)];

    private static RowLossOptions Only(OldDistance distance)
        => new() { Base = BaseLoss.None, Distance = distance, FocalBeta = 0 };

    [Theory]
    [MemberData(nameof(Widths))]
    public void NaNInARow(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            foreach (int place in new[] { 0, 1, 3 })
            {
                float[] bad = [4, 3, 2, 1];
                bad[place] = float.NaN;
                foreach (RowLossOptions options in RowLossRun.AllOptions().Where(o => o.Base != BaseLoss.None))
                {
                    RowLossRun run = Run(kernels, classes, options, bad, [4, 3, 2, 1], 0);
                    Assert.Equal(-1, run.PredictionsNew[0]);
                    Assert.Equal(float.NaN, run.Values[0]);
                    Assert.Equal(1, run.Sums.UndefinedRows);
                    Assert.Equal(new FlipTable(0, 0, 0, 1, 1, 0, 1), run.Sums.Flips);
                }
                // An old model without a prediction is never right; only what uses its logits is lost.
                RowLossRun old = Run(kernels, classes, new RowLossOptions { Distance = OldDistance.KlOldNew }, [4, 3, 2, 1], bad, 0);
                Assert.Equal(float.NaN, old.Values[0]);
                Assert.False(double.IsNaN(old.Sums.Base));
                Assert.Equal(new FlipTable(0, 0, 1, 0, 1, 1, 0), old.Sums.Flips);
                RowLossRun unused = Run(kernels, classes, new RowLossOptions(), [4, 3, 2, 1], bad, 0);
                Assert.Equal(0, unused.Sums.UndefinedRows);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void ATieGoesToTheLowestIndex(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            RowLossRun run = Run(kernels, classes, new RowLossOptions(), [1, 7, 7, 7], [7, 0, 7, 7], 1);
            Assert.Equal((1, 0), (run.PredictionsNew[0], run.PredictionsOld[0]));
            Assert.Equal(new FlipTable(0, 0, 1, 0, 1, 0, 0), run.Sums.Flips);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void IgnoreIndexIsTestedFirst(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            // Even where it is a class number, and even where the row is a NaN.
            foreach (int ignore in new[] { -100, 2, int.MinValue })
            {
                RowLossRun run = Run(kernels, classes,
                    new RowLossOptions { Distance = OldDistance.KlOldNew, IgnoreIndex = ignore }, [1, float.NaN, 3], [1, 2, 3],
                        ignore);
                Assert.Equal(default, run.Sums);
                Assert.Equal(0f, run.Values[0]);
                Assert.All(run.Gradient, g => Assert.Equal(0f, g));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void AnEmptyBatchSumsToZero(int classes)
    {
        foreach (IKernels kernels in Sets) Assert.Equal(default, new RowLossRun(kernels, new RowLossOptions(), [], [], [], classes).Sums);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void OneClassHasNoLoss(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            // The second parameter only repeats the case.
            Assert.True(classes > 1);
            foreach (OldDistance distance in Enum.GetValues<OldDistance>())
            {
                var run = new RowLossRun(kernels, new RowLossOptions { Distance = distance }, [3, -5],
                    [-2.5f, -4], [0, 0], 1);
                // Differences 5.5 and −1: their halved squares, and their squares.
                float[] values = distance switch
                {
                    OldDistance.LogitMatching => [6 * 15.125f, 6 * 0.5f],
                    OldDistance.LogitDifference => [6 * 30.25f, 6 * 1f],
                    _ => [0f, 0f],
                };
                float[] gradient = distance switch
                {
                    OldDistance.LogitMatching => [6 * 5.5f, 6 * -1f],
                    OldDistance.LogitDifference => [6 * 11f, 6 * -2f],
                    _ => [0f, 0f],
                };
                Assert.Equal(values, run.Values);
                Assert.Equal(gradient, run.Gradient);
            }
            // The only class is the label's: nothing is left to compare.
            var nothing = new RowLossRun(
                kernels, new RowLossOptions { Distance = OldDistance.LogitDifference, ExcludeTrueClass = true }, [3, -5], [-2.5f, -4], [0, 0], 1);
            Assert.Equal([0f, 0f], nothing.Values);
            Assert.Equal([0f, 0f], nothing.Gradient);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void PositiveInfinityHasAllTheProbability(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            RowLossRun one = Run(kernels, classes, new RowLossOptions(), [1, Inf, 2], null, 1);
            Assert.Equal(0f, one.Values[0]);
            Assert.All(one.Gradient, g => Assert.Equal(0f, g));
            RowLossRun two = Run(kernels, classes, new RowLossOptions(), [Inf, 1, Inf], null, 2);
            Assert.Equal(MathF.Log(2), two.Values[0], 1e-7f);
            Assert.Equal([0.5f, 0f, -0.5f, 0f], two.Gradient[..4]);
            RowLossRun missed = Run(kernels, classes, new RowLossOptions(), [Inf, 1, 2], null, 2);
            Assert.Equal(Inf, missed.Values[0]);
            RowLossRun kl = Run(kernels, classes, Only(OldDistance.KlOldNew), [Inf, 1, Inf], [2, 1, 2], 0);
            Assert.Equal(Inf, kl.Values[0]);
            RowLossRun same = Run(kernels, classes, Only(OldDistance.KlOldNew), [Inf, 1, 2], [Inf, 3, 4], 0);
            Assert.Equal(0f, same.Values[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void MinusInfinityHasNoProbability(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            float[] masked = [1, -Inf, 2, 0.5f], plain = [1, 2, 0.5f], otherMasked = [0, -Inf, 1.5f, 1], otherPlain = [0, 1.5f, 1];
            foreach (OldDistance distance in new[] { OldDistance.KlOldNew, OldDistance.KlNewOld, OldDistance.LogitMatching })
            {
                // Masked in both: 0·(−∞) = 0, the difference of both −∞ is 0; as if the class were not there.
                foreach (float tau in new[] { 1f, 2f, 50f })
                {
                    RowLossOptions options = Only(distance) with { Temperature = tau };
                    double expected = LossReference.Evaluate(options, Fill(plain, classes - 1), Fill(otherPlain, classes - 1),
                        0).Value;
                    RowLossRun run = Run(kernels, classes, options, masked, otherMasked, 0);
                    Assert.Equal(expected, run.Values[0], 5e-6 * expected);
                    Assert.All(run.Gradient, g => Assert.True(float.IsFinite(g)));
                }
            }
            // Mass where the other has none.
            Assert.Equal(Inf, Run(kernels, classes, Only(OldDistance.KlOldNew), masked, [1, 1, 1, 1], 0).Values[0]);
            Assert.Equal(Inf, Run(kernels, classes, Only(OldDistance.KlNewOld), [1, 1, 1, 1], masked, 0).Values[0]);
            RowLossRun fine = Run(kernels, classes, Only(OldDistance.KlOldNew), [1, 1, 1, 1], masked, 0);
            Assert.Equal(LossReference.Evaluate(Only(OldDistance.KlOldNew), Fill([1, 1, 1, 1], classes), Fill(masked, classes),
                0).Value, fine.Values[0], 1e-6);
            Assert.Equal(Inf, Run(kernels, classes, new RowLossOptions(), masked, null, 1).Values[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void AWholeRowOfMinusInfinityIsUndefined(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            float[] nothing = [.. Enumerable.Repeat(-Inf, classes)];
            foreach (RowLossOptions options in new[] { new RowLossOptions(), Only(OldDistance.KlOldNew), Only(OldDistance.KlNewOld) })
            {
                RowLossRun run = Run(kernels, classes, options, nothing, [1, 2, 3], 1);
                Assert.Equal(float.NaN, run.Values[0]);
                Assert.Equal(1, run.Sums.UndefinedRows);
                Assert.Equal(0, run.PredictionsNew[0]);
            }
            Assert.Equal(float.NaN, Run(kernels, classes, Only(OldDistance.KlOldNew), [1, 2, 3], nothing, 1).Values[0]);
            Assert.Equal(0f, Run(kernels, classes, Only(OldDistance.LogitMatching), nothing, nothing, 1).Values[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void AWeightOfZeroTakesAnInfiniteDistanceOut(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            RowLossOptions options = new() { Distance = OldDistance.KlOldNew, FocalAlpha = 0 };
            RowLossRun run = Run(kernels, classes, options, [-Inf, 2, 1], [1, 3, 1], 2);
            Assert.Equal(Run(kernels, classes, new RowLossOptions(), [-Inf, 2, 1], null, 2).Values, run.Values);
            Assert.Equal(0, run.Sums.WeightedDistance);
            Assert.Equal(double.PositiveInfinity, run.Sums.Distance);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void ConfidentRowsKeepTheirSmallLoss(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            // log(1 + e⁻²⁵) = 1.39e-11 and the gradient at the label −e⁻²⁵: 1 − p in fp32 would be 0.
            RowLossRun run = Run(kernels, classes, new RowLossOptions(), [30, 5], null, 0);
            double small = Math.Exp(-25);
            Assert.Equal(small, run.Values[0], 5e-6 * small);
            Assert.Equal(-small, run.Gradient[0], 5e-6 * small);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void SubnormalAndHugeLogits(int classes)
    {
        foreach (IKernels kernels in Sets)
        {
            RowLossRun tiny = Run(kernels, classes, Only(OldDistance.LogitMatching), [1e-40f, 2e-40f], [0, 0], 0);
            Assert.Equal([1e-40f, 2e-40f], tiny.Gradient[..2]);
            RowLossRun huge = Run(kernels, classes, new RowLossOptions { Distance = OldDistance.KlOldNew }, [1e4f, -1e4f],
                [-1e4f, 1e4f], 1);
            Assert.Equal(7 * 2e4f, huge.Values[0]);
            Assert.Equal([7f, -7f], huge.Gradient[..2]);
        }
    }
}

public sealed class RowLossEdgeTestsOnCpu() : RowLossEdgeTests(KernelFamily.Cpu);

public sealed class RowLossEdgeTestsOnGpu() : RowLossEdgeTests(KernelFamily.Gpu);
