using System.Numerics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>From a group's sums to its values, weights and gradient coefficients: sixteen rows at once, one a lane.</summary>
internal static unsafe class RowFinish<TLanes, TDoubles, TLoss>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TLoss : struct, IRowLoss
{
    /// <summary>
    /// KL as a difference of log-sum-exps. Where that difference is small it has lost digits: those rows (returned as bits)
    /// take the centred form. With the sums good to about 4e-7, a value above ¼ + |E|/16 keeps a relative error below 3e-6.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Plain(in RowLossContext context, RowStatistics statistics)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes one = TLanes.Broadcast(1f);
        TLanes sumNew = Defined(one + Load(statistics, RowStatistic.RestNewAtTemperature), Load(statistics, RowStatistic.MaxNew));
        TLanes sumOld = Defined(one + Load(statistics, RowStatistic.RestOldAtTemperature), Load(statistics, RowStatistic.MaxOld));
        TLanes p = TLoss.Reversed ? sumNew : sumOld, q = TLoss.Reversed ? sumOld : sumNew;
        TLanes centre = Load(statistics, RowStatistic.Cross) / p * TLanes.Broadcast(context.InverseTemperature);
        TLanes ratio = q / p;
        TLanes plain = TLanes.WhereEqual(ratio, ratio, centre + LaneMath.Log<TLanes, TDoubles>(ratio), ratio);
        TLanes limit = TLanes.MultiplyAdd(TLanes.Abs(centre), TLanes.Broadcast(1f / 16), TLanes.Broadcast(0.25f));
        TLanes.Store(statistics[RowStatistic.PlainDivergence], plain);
        TLanes.Store(statistics[RowStatistic.Centre], centre);
        TLanes.Store(statistics[RowStatistic.CentreExp], exp.Of(centre));
        Shifts(statistics);
        return TLanes.ToBits(TLanes.GreaterThan(limit, plain));
    }

    /// <summary>
    /// How the second look takes z_old − z_new − (max_old − max_new): where the maxima are near each other, the differences
    /// between models first, for they are exact or nearly so; else (and for infinities) each row against its own maximum.
    /// </summary>
    private static void Shifts(RowStatistics statistics)
    {
        TLanes maxNew = Load(statistics, RowStatistic.MaxNew), maxOld = Load(statistics, RowStatistic.MaxOld);
        TLanes offset = maxOld - maxNew, larger = TLanes.Max(TLanes.Abs(maxNew), TLanes.Abs(maxOld));
        TLanes near = TLanes.GreaterThanOrEqual(larger * TLanes.Broadcast(0.5f), TLanes.Abs(offset));
        near = TLanes.WhereGreater(TLanes.Broadcast(float.PositiveInfinity), larger, near, TLanes.Zero);
        TLanes.Store(statistics[RowStatistic.ShiftNew], TLanes.Select(near, TLanes.Zero, maxNew));
        TLanes.Store(statistics[RowStatistic.ShiftOld], TLanes.Select(near, TLanes.Zero, maxOld));
        TLanes.Store(statistics[RowStatistic.Offset], TLanes.Select(near, offset, TLanes.Zero));
    }

    /// <summary>
    /// Values, sums, counts and coefficients. <paramref name="centred"/>: rows whose KL comes from the centred form.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(
        in RowLossContext context, RowStatistics statistics, uint valid, uint centred,
            ref RowLossSumsInLanes<TLanes, TDoubles> sums, ref RowLossPartial counts)
    {
        TLanes one = TLanes.Broadcast(1f), zero = TLanes.Zero, keep = TLanes.FromBits(valid);
        TLanes label = Load(statistics, RowStatistic.Label), argmaxNew = Load(statistics, RowStatistic.ArgmaxNew);
        TLanes rightNew = TLanes.Equal(argmaxNew, label), rightOld = TLanes.Zero;
        if (context.HasOld) rightOld = TLanes.Equal(Load(statistics, RowStatistic.ArgmaxOld), label);
        TLanes weight = TLanes.Broadcast(context.FocalAlpha)
            + TLanes.Select(rightOld, TLanes.Broadcast(context.FocalBeta), zero);
        TLanes pull = weight * TLanes.Broadcast(context.DistanceWeight);

        TLanes rest = Load(statistics, RowStatistic.RestNew), sumNew = one, baseValue = zero;
        TLanes maxNew = Load(statistics, RowStatistic.MaxNew), labelNew = Load(statistics, RowStatistic.LabelNew);
        if (TLoss.CrossEntropy)
        {
            sumNew = Defined(one + rest, maxNew);
            TLanes logSum = TLanes.WhereEqual(sumNew, sumNew, LaneMath.LogOnePlus<TLanes, TDoubles>(rest), sumNew);
            TLanes shifted = TLanes.WhereEqual(labelNew, maxNew, zero, labelNew - maxNew);
            baseValue = TLanes.MultiplyAdd(TLanes.Broadcast(-(1f - context.Smoothing)), shifted, logSum);
            if (TLoss.Smoothed)
            {
                TLanes share = TLanes.Broadcast(-context.Smoothing / context.Classes);
                baseValue = TLanes.MultiplyAdd(share, Load(statistics, RowStatistic.ShiftedSum), baseValue);
            }
        }
        if (TLoss.Squared) baseValue = Load(statistics, RowStatistic.Squares) * TLanes.Broadcast(0.5f);

        TLanes distance = zero, drift = zero, growth = zero, isCentred = TLanes.FromBits(centred);
        if (TLoss.Divergence) distance = Divergence(context, statistics, isCentred, out drift, out growth);
        if (TLoss.Matching) distance = Load(statistics, RowStatistic.MatchingSquares) * TLanes.Broadcast(0.5f);
        if (TLoss.TopDifference) distance = Load(statistics, RowStatistic.TopSum) / TLanes.Broadcast(Math.Max(1, context.TopK));
        if (context.Naive) distance = baseValue;
        // A weight of zero takes an infinite distance out, but no NaN.
        TLanes known = TLanes.Equal(distance, distance);
        TLanes weighted = TLanes.WhereEqual(weight, zero, TLanes.Select(known, zero, distance), weight * distance);
        TLanes pulled = TLanes.WhereEqual(pull, zero, TLanes.Select(known, zero, distance), pull * distance);
        TLanes value = TLanes.Select(keep, baseValue + pulled, zero);
        TLanes.Store(statistics[RowStatistic.Value], value);
        sums.Add(TLanes.Select(keep, baseValue, zero), TLanes.Select(keep, distance, zero), TLanes.Select(keep, weighted, zero));
        Count(context, statistics, valid, TLanes.ToBits(rightNew), TLanes.ToBits(rightOld),
            TLanes.ToBits(TLanes.Equal(value, value)), ref counts);
        if (context.WantsGradient) Coefficients(context, statistics, isCentred, rightNew, sumNew, pull, drift, growth);
    }

    /// <summary>KL, and for the gradient E[x] and E[eˣ − 1] of the centred form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Divergence(in RowLossContext context, RowStatistics statistics, TLanes isCentred, out TLanes drift,
        out TLanes growth)
    {
        TLanes one = TLanes.Broadcast(1f);
        TLanes p = TLoss.Reversed
            ? Defined(one + Load(statistics, RowStatistic.RestNewAtTemperature), Load(statistics, RowStatistic.MaxNew))
            : Defined(one + Load(statistics, RowStatistic.RestOldAtTemperature), Load(statistics, RowStatistic.MaxOld));
        drift = Load(statistics, RowStatistic.CentredDrift) / p;
        growth = (Load(statistics, RowStatistic.CentredSum) / p) + drift;
        TLanes careful = LaneMath.LogOnePlus<TLanes, TDoubles>(growth) - drift;
        careful = TLanes.WhereGreater(TLanes.Zero, careful, TLanes.Zero, careful);
        TLanes divergence = TLanes.Select(isCentred, careful, Load(statistics, RowStatistic.PlainDivergence));
        return divergence * TLanes.Broadcast(context.DivergenceFactor);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Coefficients(
        in RowLossContext context, RowStatistics statistics, TLanes isCentred, TLanes rightNew, TLanes sumNew, TLanes pull,
            TLanes drift, TLanes growth)
    {
        TLanes one = TLanes.Broadcast(1f), zero = TLanes.Zero, scale = TLanes.Broadcast(context.GradientScale);
        TLanes first = zero, second = zero, ofBase = zero, constant = zero, atLabel = zero;
        TLanes baseScale = context.Naive ? scale * (one + pull) : scale;
        TLanes labelNew = Load(statistics, RowStatistic.LabelNew);
        if (TLoss.Divergence)
        {
            TLanes factor = scale * pull * TLanes.Broadcast(context.DivergenceFactor * context.InverseTemperature);
            TLanes totalNew = Defined(one + Load(statistics, RowStatistic.RestNewAtTemperature),
                Load(statistics, RowStatistic.MaxNew));
            TLanes totalOld = Defined(one + Load(statistics, RowStatistic.RestOldAtTemperature),
                Load(statistics, RowStatistic.MaxOld));
            TLanes expNew = Load(statistics, RowStatistic.LabelExpNewAtTemperature),
                centred = Load(statistics, RowStatistic.LabelCentred);
            if (TLoss.Reversed)
            {
                // (1/τ) p_new (δ − E[δ]) = (1/τ) p_new (E[x] − x)
                first = -(factor / totalNew);
                second = first * drift;
                atLabel = TLanes.MultiplyAdd(first, centred, -(second * expNew));
            }
            else
            {
                // (1/τ) (p_new − p_old); centred: p_old·(eˣ − 1 − E[eˣ − 1]) / E[eˣ]
                first = factor / TLanes.Select(isCentred, totalOld * (one + growth), totalNew);
                second = TLanes.Select(isCentred, first * growth, factor / totalOld);
                TLanes expOld = Load(statistics, RowStatistic.LabelExpOldAtTemperature);
                atLabel = TLanes.MultiplyAdd(first, TLanes.Select(isCentred, centred, expNew), -(second * expOld));
            }
        }
        if (TLoss.Matching)
        {
            first = scale * pull;
            TLanes labelOld = Load(statistics, RowStatistic.LabelOld);
            atLabel = RowTerms<TLanes, TDoubles, TLoss>.AddWeighted<Yes>(first,
                RowTerms<TLanes, TDoubles, TLoss>.Difference<Yes>(labelNew, labelOld), zero);
        }
        if (TLoss.TopDifference)
        {
            first = scale * pull / TLanes.Broadcast(Math.Max(1, context.TopK));
            atLabel = RowTerms<TLanes, TDoubles, TLoss>.AddWeighted<Yes>(first, Load(statistics, RowStatistic.LabelSlope), zero);
        }
        if (TLoss.CrossEntropy)
        {
            ofBase = baseScale / sumNew;
            TLanes share = TLanes.Broadcast(context.Smoothing / context.Classes);
            if (TLoss.Smoothed) constant = -(baseScale * share);
            TLanes labelExp = TLoss.Divergence && TLoss.Squarings >= 0
                ? RowTerms<TLanes, TDoubles, TLoss>.AtOne(Load(statistics, RowStatistic.LabelExpNewAtTemperature))
                : Load(statistics, RowStatistic.LabelExpNew);
            // p − 1 at a label that is the argmax: by what the other classes have, for 1 − p would lose it.
            TLanes missing = TLanes.Select(rightNew, -(Load(statistics, RowStatistic.RestNew) / sumNew),
                (labelExp / sumNew) - one);
            atLabel += baseScale * (missing + (TLanes.Broadcast(context.Smoothing) - share));
            // At τ = 1 both softmaxes of the new logits are one array: its two coefficients become one.
            if (TLoss.Divergence && !TLoss.Reversed && TLoss.Squarings == 0)
            {
                first = TLanes.Select(isCentred, first, first + ofBase);
                ofBase = TLanes.Select(isCentred, ofBase, zero);
            }
        }
        if (TLoss.Squared)
        {
            ofBase = baseScale;
            atLabel += baseScale * (labelNew - TLanes.Broadcast(context.TargetScale));
        }
        if (TLoss.TopDifference)
        {
            // Without a distance there is no gradient either.
            TLanes sum = Load(statistics, RowStatistic.TopSum), nan = TLanes.Broadcast(float.NaN);
            constant = TLanes.WhereEqual(sum, sum, constant, nan);
            atLabel = TLanes.WhereEqual(sum, sum, atLabel, nan);
        }
        TLanes.Store(statistics[RowStatistic.CoefficientFirst], first);
        TLanes.Store(statistics[RowStatistic.CoefficientSecond], second);
        TLanes.Store(statistics[RowStatistic.CoefficientBase], ofBase);
        TLanes.Store(statistics[RowStatistic.Constant], constant);
        TLanes.Store(statistics[RowStatistic.LabelGradient], atLabel);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count(
        in RowLossContext context, RowStatistics statistics, uint valid, uint rightNew, uint rightOld, uint known,
            ref RowLossPartial counts)
    {
        counts.Valid += BitOperations.PopCount(valid);
        counts.Undefined += BitOperations.PopCount(valid & ~known);
        if (!context.HasOld) return;
        TLanes argmaxNew = Load(statistics, RowStatistic.ArgmaxNew), argmaxOld = Load(statistics, RowStatistic.ArgmaxOld);
        uint same = TLanes.ToBits(TLanes.Equal(argmaxNew, argmaxOld));
        uint nanNew = TLanes.ToBits(TLanes.GreaterThan(TLanes.Zero, argmaxNew)),
            nanOld = TLanes.ToBits(TLanes.GreaterThan(TLanes.Zero, argmaxOld));
        counts.Flips += new FlipTable(
            BitOperations.PopCount(valid & rightOld & rightNew),
            BitOperations.PopCount(valid & ~rightOld & ~rightNew),
            BitOperations.PopCount(valid & ~rightOld & rightNew),
            BitOperations.PopCount(valid & rightOld & ~rightNew),
            BitOperations.PopCount(valid & ~same),
            BitOperations.PopCount(valid & nanOld),
            BitOperations.PopCount(valid & nanNew));
    }

    /// <summary>NaN where the row's maximum is −∞ or NaN: there is no softmax.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Defined(TLanes sum, TLanes max)
        => TLanes.WhereGreater(max, TLanes.Broadcast(float.NegativeInfinity), sum, TLanes.Broadcast(float.NaN));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Load(RowStatistics statistics, RowStatistic statistic) => TLanes.Load(statistics[statistic]);
}

/// <summary>Running sums in fp64: lane i holds the rows that came at place i of their group.</summary>
internal struct RowLossSumsInLanes<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private TDoubles _baseLow, _baseHigh, _distanceLow, _distanceHigh, _weightedLow, _weightedHigh;

    public readonly double Base => TDoubles.Sum(_baseLow + _baseHigh);

    public readonly double Distance => TDoubles.Sum(_distanceLow + _distanceHigh);

    public readonly double WeightedDistance => TDoubles.Sum(_weightedLow + _weightedHigh);

    public void Add(TLanes baseValue, TLanes distance, TLanes weighted)
    {
        Add(baseValue, ref _baseLow, ref _baseHigh);
        Add(distance, ref _distanceLow, ref _distanceHigh);
        Add(weighted, ref _weightedLow, ref _weightedHigh);
    }

    private static void Add(TLanes value, ref TDoubles low, ref TDoubles high)
    {
        TLanes.Widen(value, out TDoubles first, out TDoubles second);
        low += first;
        high += second;
    }
}
