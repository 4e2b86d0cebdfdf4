using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The exponentials of a row or a tile in a pass of their own, where sixteen lanes take four registers: with an exponential inlined, the
/// passes over rows would exceed the JIT compiler's budget, and what is left over become calls of a few instructions each.
/// </summary>
internal static unsafe class RowExponentials<TLanes, TDoubles, TLoss>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TLoss : struct, IRowLoss
{
    /// <summary>Every exponential that the loss takes of <paramref name="count"/> elements, a multiple of sixteen.</summary>
    public static void Take<TCareful>(
        in RowLossContext context, float* zNew, float* zOld, int count, in RowPointers at, long offset, TLanes maxNew, TLanes maxOld)
        where TCareful : struct, IFlag
    {
        if (!TLoss.Divergence)
        {
            Take<TCareful>(zNew, at.ExpNew + offset, count, maxNew, 1f);
            return;
        }
        Take<TCareful>(zNew, at.ExpNew + offset, count, maxNew, context.InverseTemperature);
        Take<TCareful>(zOld, at.ExpOld + offset, count, maxOld, context.InverseTemperature);
        if (TLoss.CrossEntropy && TLoss.Squarings < 0) Take<TCareful>(zNew, at.ExpNewAtOne + offset, count, maxNew, 1f);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Take<TCareful>(float* z, float* to, int count, TLanes max, float factor) where TCareful : struct, IFlag
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes scale = TLanes.Broadcast(factor);
        for (int i = 0; i < count; i += 16)
        {
            TLanes.Store(to + i, exp.Of(RowTerms<TLanes, TDoubles, TLoss>.Shift<TCareful>(TLanes.Load(z + i), max) * scale));
        }
    }
}
