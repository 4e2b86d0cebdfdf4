using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public unsafe class RowLossGuardTests
{
    public static TheoryData<string> Targets => KernelSetCases.Names;

    [Theory]
    [MemberData(nameof(Targets))]
    public void NothingOutsideTheRowsIsTouched(string target)
    {
        IKernels kernels = KernelSetCases.Get(target, 1);
        RowLossOptions[] all =
        [
            new() { Distance = OldDistance.KlOldNew },
            new() { Distance = OldDistance.KlNewOld, Temperature = 3, LabelSmoothing = 0.1f },
            new() { Base = BaseLoss.Squared, Distance = OldDistance.LogitMatching },
            new() { Distance = OldDistance.LogitDifference, TopK = 9, RankBy = RankSource.New, ExcludeTrueClass = true },
            new() { Distance = OldDistance.LogitDifference, TopK = 25 },
        ];
        foreach (int classes in Enumerable.Range(1, 70).Concat([127, 129, 145]))
        {
            int rows = classes * 7 % 40, ld = classes + (classes % 3);
            foreach (RowLossOptions options in all) Run(kernels, options, rows, classes, ld, guardBefore: classes % 2 == 0);
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void NothingOutsideIsTouchedForAnyNumberOfRows(string target)
    {
        IKernels kernels = KernelSetCases.Get(target, 1);
        RowLossOptions divergence = new() { Distance = OldDistance.KlOldNew, Temperature = 2 };
        RowLossOptions matching = new() { Base = BaseLoss.Squared, Distance = OldDistance.LogitMatching };
        foreach (int rows in Enumerable.Range(1, 70))
        {
            // Sixteen rows at a time with and without a part of one left over, and rows one by one.
            foreach (int classes in new[] { 1, 10, 16, 33, 131 })
            {
                Run(kernels, rows % 2 == 0 ? divergence : matching, rows, classes, classes, guardBefore: rows % 4 < 2);
            }
        }
    }

    private static void Run(IKernels kernels, RowLossOptions options, int rows, int classes, int ld, bool guardBefore)
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, classes, 1, ld);
        // The last row ends with its last class: nothing is promised to lie behind it.
        int length = rows == 0 ? 0 : ((rows - 1) * ld) + classes;
        using var n = new GuardedBuffer<float>(zNew.AsSpan(0, length), guardBefore);
        using var o = new GuardedBuffer<float>(zOld.AsSpan(0, length), guardBefore);
        using var y = new GuardedBuffer<int>(labels, guardBefore);
        using var g = new GuardedBuffer<float>(rows * classes, guardBefore);
        using var v = new GuardedBuffer<float>(rows, guardBefore);
        using var pn = new GuardedBuffer<int>(rows, guardBefore);
        using var po = new GuardedBuffer<int>(rows, guardBefore);
        RowLossSums sums = kernels.RowLoss(
            options,
            new RowLossOperands
            {
                Rows = rows,
                Classes = classes,
                New = n.Block,
                LdNew = ld,
                Old = o.Block,
                LdOld = ld,
                Labels = y.Block,
                Gradient = g.Block,
                Values = v.Block,
                PredictionsNew = pn.Block,
                PredictionsOld = po.Block,
            });
        g.AssertUntouchedOutside();
        v.AssertUntouchedOutside();
        pn.AssertUntouchedOutside();
        po.AssertUntouchedOutside();
        var plain = new RowLossRun(kernels, options, zNew, zOld, labels, classes, ld);
        Assert.Equal(plain.Sums, sums);
        Tolerance.AssertSameBits(plain.Gradient, g.Span);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void GradientsThatStreamPastTheCachesAreTheSame(string target)
    {
        // Enough rows to stream, against parts that do not; rows of 129 floats begin at every place of a cache line.
        const int Classes = 129, Part = 4000;
        int rows = (int)(Streaming.Threshold / (3 * sizeof(float) * Classes)) + 1;
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, Classes, 4);
        IKernels kernels = KernelSetCases.Get(target);
        var options = new RowLossOptions { Distance = OldDistance.KlOldNew, Temperature = 2, GradientScale = 1f / rows };
        using var g = new GuardedBuffer<float>(rows * Classes);
        fixed (float* n = zNew, o = zOld)
        fixed (int* y = labels)
        {
            kernels.RowLoss(
                options,
                new RowLossOperands
                {
                    Rows = rows,
                    Classes = Classes,
                    New = new Block<float>(n, zNew.Length),
                    LdNew = Classes,
                    Old = new Block<float>(o, zOld.Length),
                    LdOld = Classes,
                    Labels = new Block<int>(y, rows),
                    Gradient = g.Block,
                });
        }
        g.AssertUntouchedOutside();
        for (int row = 0; row < rows; row += Part)
        {
            int end = Math.Min(row + Part, rows), from = row * Classes, to = end * Classes;
            var part = new RowLossRun(kernels, options, zNew[from..to], zOld[from..to], labels[row..end], Classes);
            Tolerance.AssertSameBits(part.Gradient, g.Span[from..to], $"rows from {row}");
        }
    }
}
