using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary><c>gk_loss_result</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RowLossSummary(in CongruenceResult found)
{
    public double Loss = found.Loss, Base = found.BaseLoss, Distance = found.Distance, WeightedDistance = found.WeightedDistance;
    public long ValidRows = found.ValidRows, UndefinedRows = found.UndefinedRows;
    public FlipSummary Flips = new(
        new FlipTable(
            found.Flips.BothRight,
            found.Flips.BothWrong,
            found.Flips.PositiveFlips,
            found.Flips.NegativeFlips,
            found.Flips.Differ,
            found.Flips.UndefinedOld,
            found.Flips.UndefinedNew));
}

/// <summary><c>gk_flip_counts</c>: the order of <see cref="FlipTable"/>, which the kernels write by class.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FlipSummary(in FlipTable table)
{
    public long BothRight = table.BothRight, BothWrong = table.BothWrong, PositiveFlips = table.PositiveFlips, NegativeFlips = table.NegativeFlips;
    public long Differ = table.Differ, UndefinedOld = table.UndefinedOld, UndefinedNew = table.UndefinedNew;
}
