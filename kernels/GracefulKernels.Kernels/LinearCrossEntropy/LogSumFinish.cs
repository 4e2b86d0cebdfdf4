using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>From the sums of blocks of classes to those of all, and from these to values and gradient coefficients: sixteen rows at once.</summary>
internal static unsafe class LogSumFinish<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Adds blocks of classes to <see cref="LogSums.MaxOfOthers"/> and <see cref="LogSums.Others"/>, in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge(in LogSums sums, int row, int blocks)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes before = TLanes.Load(sums.MaxOfOthers + row), max = before;
        for (int b = 0; b < blocks; b++) max = TLanes.Max(TLanes.Load(sums.MaxOf(b) + row), max);
        TLanes.Widen(Factor(exp, before, max), out TDoubles low, out TDoubles high);
        low *= TDoubles.Load(sums.Others + row);
        high *= TDoubles.Load(sums.Others + row + 8);
        for (int b = 0; b < blocks; b++)
        {
            TLanes part = Factor(exp, TLanes.Load(sums.MaxOf(b) + row), max) * TLanes.Load(sums.SumOf(b) + row);
            TLanes.Widen(part, out TDoubles partLow, out TDoubles partHigh);
            low += partLow;
            high += partHigh;
        }
        TLanes.Store(sums.MaxOfOthers + row, max);
        TDoubles.Store(sums.Others + row, low);
        TDoubles.Store(sums.Others + row + 8, high);
    }

    /// <summary>
    /// <c>log Σ e^z − (1 − ε)·z_y − (ε/C)·Σ z</c>, and for the gradient <c>scale·(p − q)</c> its coefficients. NaN where a logit is, or where all are −∞.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(in LogSums sums, int row, int classes, float smoothing, float scale)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes one = TLanes.Broadcast(1f), zero = TLanes.Zero;
        TLanes label = TLanes.Load(sums.Label + row), others = TLanes.Load(sums.MaxOfOthers + row), max = TLanes.Max(label, others);
        TLanes ofOthers = Factor(exp, others, max) * TLanes.Narrow(TDoubles.Load(sums.Others + row), TDoubles.Load(sums.Others + row + 8));
        TLanes shifted = TLanes.WhereEqual(label, max, zero, label - max), ofLabel = exp.Of(shifted);
        TLanes total = TLanes.WhereGreater(max, TLanes.Broadcast(float.NegativeInfinity), ofOthers + ofLabel, TLanes.Broadcast(float.NaN));
        TLanes wins = TLanes.Equal(label, max);
        // What there is beside the largest, which counts 1.
        TLanes rest = TLanes.Select(wins, ofOthers, ofOthers - one + ofLabel);
        TLanes logSum = TLanes.WhereEqual(total, total, LaneMath.LogOnePlus<TLanes, TDoubles>(rest), total);
        TLanes value = TLanes.MultiplyAdd(TLanes.Broadcast(-(1f - smoothing)), shifted, logSum);
        float share = smoothing / classes;
        TLanes missing = TLanes.Select(wins, -(ofOthers / total), (ofLabel / total) - one);
        TLanes.Store(sums.Max + row, max);
        TLanes.Store(sums.Coefficient + row, TLanes.Broadcast(scale) / total);
        TLanes.Store(sums.AtLabel + row, TLanes.Broadcast(scale) * (missing + (TLanes.Broadcast(smoothing) - TLanes.Broadcast(share))));
        TLanes.Store(sums.Value + row, value);
        if (smoothing == 0) return;
        for (int r = row; r < row + 16; r++) sums.Value[r] = (float)(sums.Value[r] - ((double)share * Shifted(sums, r, classes)));
    }

    /// <summary>
    /// <c>e^{m − max}</c>: 1 where both are one infinity, 0 for a block of nothing but −∞ (whose sum counts its elements).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Factor(in Exponential<TLanes, TDoubles> exp, TLanes m, TLanes max)
    {
        TLanes factor = exp.Of(TLanes.WhereEqual(m, max, TLanes.Zero, m - max));
        return TLanes.WhereEqual(m, TLanes.Broadcast(float.NegativeInfinity), TLanes.Zero, factor);
    }

    /// <summary>Σ (z − max); 0 where every logit is the same infinity.</summary>
    private static double Shifted(in LogSums sums, int row, int classes)
    {
        float max = sums.Max[row];
        if (!float.IsPositiveInfinity(max)) return sums.Sum[row] - ((double)classes * max);
        return sums.Label[row] == max && (classes == 1 || (sums.MaxOfOthers[row] == max && sums.Others[row] == classes - 1)) ? 0 : double.NegativeInfinity;
    }
}
