using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The element-wise steps of the row losses, whichever way rows lie in the lanes. <c>TCareful</c> is set for rows that hold ±∞:
/// then the products 0·∞ and the differences ∞ − ∞ that have a meaning are given it. On finite rows both forms give the same
/// bits.
/// </summary>
internal static unsafe class RowTerms<TLanes, TDoubles, TLoss>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TLoss : struct, IRowLoss
{
    /// <summary>z − max; 0 at the maximum itself, also where it is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Shift<TCareful>(TLanes z, TLanes max) where TCareful : struct, IFlag
    {
        TLanes shifted = z - max;
        return TCareful.IsSet ? TLanes.WhereEqual(z, max, TLanes.Zero, shifted) : shifted;
    }

    /// <summary>a − b, 0 where they are equal infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Difference<TCareful>(TLanes a, TLanes b) where TCareful : struct, IFlag
    {
        TLanes difference = a - b;
        return TCareful.IsSet ? TLanes.WhereEqual(a, b, TLanes.Zero, difference) : difference;
    }

    /// <summary>p·x, 0 where p is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Weighted<TCareful>(TLanes p, TLanes x) where TCareful : struct, IFlag
        => TCareful.IsSet ? p * TLanes.WhereEqual(p, TLanes.Zero, TLanes.Zero, x) : p * x;

    /// <summary>sum + p·x, with the same care.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes AddWeighted<TCareful>(TLanes p, TLanes x, TLanes sum) where TCareful : struct, IFlag
        => TLanes.MultiplyAdd(p, TCareful.IsSet ? TLanes.WhereEqual(p, TLanes.Zero, TLanes.Zero, x) : x, sum);

    /// <summary>e^z of the new logits from e^{z/τ} (or given apart, where τ is not 1, 2 or 4).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes AtOne(TLanes atTemperature)
    {
        if (TLoss.Squarings >= 1) atTemperature *= atTemperature;
        if (TLoss.Squarings >= 2) atTemperature *= atTemperature;
        return atTemperature;
    }

    /// <summary>sum + e^z, the last squaring and the sum in one step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes AddAtOne(TLanes atTemperature, TLanes sum)
    {
        if (TLoss.Squarings >= 2) atTemperature *= atTemperature;
        return TLanes.MultiplyAdd(atTemperature, atTemperature, sum);
    }

    /// <summary>
    /// One step of the centred form. With P the distribution that KL weighs by, Q the other, δ = log(P/Q) up to a constant and
    /// x = c − δ: adds P·(eˣ − 1 − x) and P·x, and gives what the gradient is made of. Q·e^c = P·eˣ, so no exponential is
    /// needed where the series ends.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Centred<TCareful>(
        in ExponentialRemainder<TLanes, TDoubles> remainder, TLanes p, TLanes q, TLanes x, TLanes centreExp, ref TLanes sum, ref TLanes drift)
        where TCareful : struct, IFlag
    {
        TLanes px = Weighted<TCareful>(p, x);
        TLanes series = px * x * remainder.Of(x);
        TLanes direct = TLanes.MultiplyAdd(q, centreExp, -(p + px));
        TLanes term = TLanes.WhereGreater(remainder.One, TLanes.Abs(x), series, direct);
        sum += term;
        drift += px;
        return TLoss.Reversed ? px : term + px;
    }

    /// <summary>
    /// One step of the gradient: <c>first·A − second·B + base</c>, where KL has its exponentials (or centred terms) as first
    /// and second, logit matching the logits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Gradient<TCareful>(
        TLanes first, TLanes second, TLanes coefficientFirst, TLanes coefficientSecond, TLanes rest)
        where TCareful : struct, IFlag
    {
        if (TLoss.Divergence)
        {
            return TLanes.MultiplyAdd(coefficientFirst, first, TLanes.MultiplyAdd(-coefficientSecond, second, rest));
        }
        if (TLoss.Matching) return AddWeighted<TCareful>(coefficientFirst, Difference<TCareful>(first, second), rest);
        // A slope may be infinite in rows that are finite: it is a power.
        if (TLoss.TopDifference) return AddWeighted<Yes>(coefficientFirst, first, rest);
        return rest;
    }
}
