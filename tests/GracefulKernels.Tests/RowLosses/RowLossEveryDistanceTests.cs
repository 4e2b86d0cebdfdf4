using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// The edge cases of one row (NaN, infinities, ties, one class), each with every base loss and distance, against the fp64 reference, which has them by the rules of arithmetic on whole rows: all edges are rows of one batch.
/// </summary>
public abstract class RowLossEveryDistanceTests(KernelFamily family)
{
    private const float Inf = float.PositiveInfinity;

    /// <summary>Both layouts of the CPU; on devices a thread a row, several, and all of a group.</summary>
    public static TheoryData<int> Widths => [4, 5, 40, 150, 2100];

    /// <summary>Four classes of the new and of the old logits.</summary>
    private static readonly (string What, float[] New, float[] Old)[] Edges =
    [
        ("nothing special", [1, 2, 3, 0.5f], [1.5f, 2, 2, 1]),
        ("NaN in the new row", [1, float.NaN, 3, 4], [4, 3, 2, 1]),
        ("NaN in the old row", [4, 3, 2, 1], [1, 2, float.NaN, 0]),
        ("NaN in both", [float.NaN, 3, 2, 1], [1, 2, 0, float.NaN]),
        ("ties in both", [7, 7, 7, 7], [2, 2, 2, 2]),
        ("a tie at the top", [1, 7, 7, 0], [7, 0, 7, 7]),
        ("+∞ in the new row", [1, Inf, 2, 0], [1, 2, 0, 1]),
        ("+∞ in the old row", [1, 3, 2, 0], [1, 2, Inf, 1]),
        ("+∞ in both", [1, Inf, 2, 0], [3, Inf, 1, 1]),
        ("two +∞ in both", [Inf, 0, Inf, 1], [Inf, 1, Inf, 2]),
        ("−∞ in the new row", [1, -Inf, 2, 0], [1, 2, 0, 1]),
        ("−∞ in the old row", [1, 3, 2, 0], [1, 2, -Inf, 1]),
        ("−∞ in both", [1, -Inf, 2, 0.5f], [0, -Inf, 1.5f, 1]),
        ("−∞ and +∞", [-Inf, Inf, 2, 0.5f], [Inf, -Inf, 1.5f, 1]),
        ("nothing but −∞ in the new row", [-Inf, -Inf, -Inf, -Inf], [1, 2, 3, 4]),
        ("nothing but −∞ in the old row", [1, 2, 3, 4], [-Inf, -Inf, -Inf, -Inf]),
        ("nothing but −∞", [-Inf, -Inf, -Inf, -Inf], [-Inf, -Inf, -Inf, -Inf]),
    ];

    private IEnumerable<IKernels> Sets => family.IsCpu ? KernelSetCases.Targets.Select(t => KernelSetCases.Get(t, 1)) : family.Sets;

    [Theory]
    [MemberData(nameof(Widths))]
    public void EveryEdgeOfEveryLossIsTheReferences(int classes)
    {
        // Each edge with the label at each of its four classes.
        int rows = Edges.Length * 4;
        float[] zNew = new float[rows * classes], zOld = new float[rows * classes];
        int[] labels = [.. Enumerable.Range(0, rows).Select(r => r % 4)];
        for (int r = 0; r < rows; r++)
        {
            (_, float[] n, float[] o) = Edges[r / 4];
            // The others are far below, or as far as all of the row where that is nothing but −∞.
            Fill(zNew.AsSpan(r * classes, classes), n);
            Fill(zOld.AsSpan(r * classes, classes), o);
        }
        // A processor plays a device's wide rows slowly: there some of the losses.
        foreach (RowLossOptions options in RowLossRun.AllOptions().Where((_, i) => family.IsCpu || classes < 100 || i % 4 == 0))
        {
            foreach (IKernels kernels in Sets)
            {
                var run = new RowLossRun(kernels, options, zNew, zOld, labels, classes);
                FlipTable flips = default;
                long undefined = 0;
                for (int r = 0; r < rows; r++)
                {
                    LossReference.Row expected = LossReference.Evaluate(options, zNew.AsSpan(r * classes, classes), zOld.AsSpan(r * classes, classes), labels[r]);
                    Row($"{Edges[r / 4].What}, label {labels[r]}, {classes} classes, {kernels.Name}, {options}", expected, run, r, classes, options);
                    undefined += double.IsNaN(expected.Value) ? 1 : 0;
                    flips += Flip(expected.ArgmaxOld, expected.ArgmaxNew, labels[r]);
                }
                Assert.Equal(undefined, run.Sums.UndefinedRows);
                Assert.Equal(flips, run.Sums.Flips);
            }
        }
    }

    private static void Fill(Span<float> row, float[] edge)
    {
        row.Fill(edge.All(float.IsNegativeInfinity) ? -Inf : -1e4f);
        edge.CopyTo(row);
    }

    private static void Row(string what, LossReference.Row expected, RowLossRun run, int r, int classes, RowLossOptions options)
    {
        Assert.Equal(expected.ArgmaxNew, run.PredictionsNew[r]);
        Assert.Equal(expected.ArgmaxOld, run.PredictionsOld[r]);
        double scale = options.TemperatureSquared ? options.Temperature * options.Temperature : 1;
        // The tolerances of ordinary rows; a logit of −10⁴ that smoothing counts has them of its own size. A value beyond fp32 is ∞ there.
        bool equal = double.IsFinite(expected.Value) && Math.Abs(expected.Value) < float.MaxValue
            ? Math.Abs(expected.Value - run.Values[r]) <= (5e-6 * Math.Abs(expected.Value)) + (1e-7 * scale)
            : double.IsNaN(expected.Value) ? float.IsNaN(run.Values[r]) : float.IsPositiveInfinity(run.Values[r]);
        Assert.True(equal, $"{what}: {run.Values[r]:R}, expected {expected.Value:R}");
        if (!double.IsFinite(expected.Value) || !expected.Gradient.All(double.IsFinite)) return;
        double norm = 0, difference = 0;
        for (int k = 0; k < classes; k++)
        {
            norm += expected.Gradient[k] * expected.Gradient[k];
            difference += Math.Pow(run.Gradient[(r * classes) + k] - expected.Gradient[k], 2);
        }
        Assert.True(Math.Sqrt(difference) <= (5e-6 * Math.Sqrt(norm)) + 1e-7, $"{what}: gradient off by {Math.Sqrt(difference):E2} of {Math.Sqrt(norm):E2}");
    }

    private static FlipTable Flip(int old, int updated, int label)
    {
        bool before = old == label, after = updated == label;
        return new FlipTable(
            before && after ? 1 : 0, !before && !after ? 1 : 0, !before && after ? 1 : 0, before && !after ? 1 : 0, old != updated ? 1 : 0, old < 0 ? 1 : 0, updated < 0 ? 1 : 0);
    }
}

public sealed class RowLossEveryDistanceTestsOnCpu() : RowLossEveryDistanceTests(KernelFamily.Cpu);

public sealed class RowLossEveryDistanceTestsOnGpu() : RowLossEveryDistanceTests(KernelFamily.Gpu);
