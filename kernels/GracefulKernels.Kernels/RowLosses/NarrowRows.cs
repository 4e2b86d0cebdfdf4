using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Row passes over sixteen rows at a time, one row a lane, for rows of few classes: no lane is idle and no sum crosses lanes.
/// Tiles are [classes × 16].
/// </summary>
internal static unsafe class NarrowRows<TLanes, TDoubles, TLoss>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TLoss : struct, IRowLoss
{
    /// <summary>As <see cref="WideRows{TLanes,TDoubles,TLoss}.Accumulate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<TCareful>(in RowLossContext context, in RowPointers tile, RowStatistics statistics)
        where TCareful : struct, IFlag
    {
        // Written out wherever it decides: the compiler drops a branch on types before it looks inside, any other after.
        if (typeof(TLanes) == typeof(Lanes128) && (TLoss.CrossEntropy || TLoss.Divergence))
        {
            RowExponentials<TLanes, TDoubles, TLoss>.Take<TCareful>(
                context, tile.New, tile.Old, context.Classes * 16, tile, 0,
                TLanes.Load(statistics[RowStatistic.MaxNew]), TLanes.Load(statistics[RowStatistic.MaxOld]));
        }
        Exponential<TLanes, TDoubles> exp = typeof(TLanes) == typeof(Lanes128) ? default : Exponential<TLanes, TDoubles>.Load();
        // Copies: after each store the compiler would read them again from the caller's.
        float* logitsNew = tile.New, logitsOld = tile.Old, nextNew = tile.NextNew, nextOld = tile.NextOld;
        float* expsNew = tile.ExpNew, expsOld = tile.ExpOld, expsNewAtOne = tile.ExpNewAtOne, gradient = tile.Gradient;
        TLanes maxNew = TLanes.Load(statistics[RowStatistic.MaxNew]), maxOld = TLanes.Load(statistics[RowStatistic.MaxOld]);
        TLanes starNew = TLanes.Load(statistics[RowStatistic.ArgmaxNew]),
            starOld = TLanes.Load(statistics[RowStatistic.ArgmaxOld]);
        TLanes inverse = TLanes.Broadcast(context.InverseTemperature), target = TLanes.Broadcast(context.TargetScale);
        TLanes restNew = TLanes.Zero, restNewT = TLanes.Zero, restOldT = TLanes.Zero, cross = TLanes.Zero;
        TLanes shiftedSum = TLanes.Zero, squares = TLanes.Zero, matching = TLanes.Zero;
        TLanes label = TLoss.Squared ? TLanes.Load(statistics[RowStatistic.Label]) : TLanes.Zero;
        TLanes step = TLanes.Zero, one = TLanes.Broadcast(1f);
        int end = context.Classes * 16;
        for (int i = 0; i < end; i += 16)
        {
            TLanes n = TLanes.Load(logitsNew + i), o = TLanes.Zero;
            // Sixteen rows have as many cache lines as classes.
            Prefetch.Near(nextNew + i);
            Prefetch.Near(nextOld + i);
            Prefetch.Near(gradient + i);
            if (TLoss.Divergence || TLoss.Matching) o = TLanes.Load(logitsOld + i);
            if (TLoss.CrossEntropy || TLoss.Divergence)
            {
                TLanes b = RowTerms<TLanes, TDoubles, TLoss>.Shift<TCareful>(n, maxNew);
                if (TLoss.Divergence)
                {
                    TLanes a = RowTerms<TLanes, TDoubles, TLoss>.Shift<TCareful>(o, maxOld);
                    TLanes expNew = b * inverse, expOld = a * inverse;
                    if (typeof(TLanes) == typeof(Lanes128))
                    {
                        expNew = TLanes.Load(expsNew + i);
                        expOld = TLanes.Load(expsOld + i);
                    }
                    else
                    {
                        exp.Of(ref expNew, ref expOld);
                        TLanes.Store(expsNew + i, expNew);
                        TLanes.Store(expsOld + i, expOld);
                    }
                    cross = TLoss.Reversed
                        ? RowTerms<TLanes, TDoubles, TLoss>.AddWeighted<TCareful>(expNew, b - a, cross)
                        : RowTerms<TLanes, TDoubles, TLoss>.AddWeighted<TCareful>(expOld, a - b, cross);
                    expNew = TLanes.WhereEqual(starNew, step, TLanes.Zero, expNew);
                    restNewT += expNew;
                    restOldT += TLanes.WhereEqual(starOld, step, TLanes.Zero, expOld);
                    if (TLoss.CrossEntropy && TLoss.Squarings > 0) restNew = RowTerms<TLanes, TDoubles, TLoss>.AddAtOne(expNew, restNew);
                    if (TLoss.CrossEntropy && TLoss.Squarings < 0)
                    {
                        TLanes atOne = typeof(TLanes) == typeof(Lanes128) ? TLanes.Load(expsNewAtOne + i) : exp.Of(b);
                        if (typeof(TLanes) != typeof(Lanes128)) TLanes.Store(expsNewAtOne + i, atOne);
                        restNew += TLanes.WhereEqual(starNew, step, TLanes.Zero, atOne);
                    }
                }
                else
                {
                    TLanes expNew = typeof(TLanes) == typeof(Lanes128) ? TLanes.Load(expsNew + i) : exp.Of(b);
                    if (typeof(TLanes) != typeof(Lanes128)) TLanes.Store(expsNew + i, expNew);
                    restNew += TLanes.WhereEqual(starNew, step, TLanes.Zero, expNew);
                }
                if (TLoss.Smoothed) shiftedSum += b;
            }
            if (TLoss.Squared)
            {
                TLanes residual = TLanes.WhereEqual(label, step, n - target, n);
                squares = TLanes.MultiplyAdd(residual, residual, squares);
            }
            if (TLoss.Matching)
            {
                TLanes difference = RowTerms<TLanes, TDoubles, TLoss>.Difference<TCareful>(n, o);
                matching = TLanes.MultiplyAdd(difference, difference, matching);
            }
            step += one;
        }

        if (TLoss.CrossEntropy && TLoss.Divergence && TLoss.Squarings == 0) restNew = restNewT;
        TLanes.Store(statistics[RowStatistic.RestNew], restNew);
        TLanes.Store(statistics[RowStatistic.RestNewAtTemperature], restNewT);
        TLanes.Store(statistics[RowStatistic.RestOldAtTemperature], restOldT);
        TLanes.Store(statistics[RowStatistic.Cross], cross);
        TLanes.Store(statistics[RowStatistic.ShiftedSum], shiftedSum);
        TLanes.Store(statistics[RowStatistic.Squares], squares);
        TLanes.Store(statistics[RowStatistic.MatchingSquares], matching);
        AtLabels(tile, statistics);
    }

    /// <summary>What the passes need of each row's label, picked from the tiles: cheaper than a comparison of every element.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AtLabels(in RowPointers tile, RowStatistics statistics)
    {
        float* labels = statistics[RowStatistic.Label];
        float* exps = TLoss.Divergence ? tile.ExpNewAtOne : tile.ExpNew;
        for (int r = 0; r < RowStatistics.Rows; r++)
        {
            int at = (Math.Max(0, float.ConvertToIntegerNative<int>(labels[r])) * 16) + r;
            statistics[RowStatistic.LabelNew][r] = tile.New[at];
            if (TLoss.Divergence || TLoss.Matching) statistics[RowStatistic.LabelOld][r] = tile.Old[at];
            if (TLoss.CrossEntropy && (!TLoss.Divergence || TLoss.Squarings < 0)) statistics[RowStatistic.LabelExpNew][r] = exps[at];
            if (TLoss.Divergence)
            {
                statistics[RowStatistic.LabelExpNewAtTemperature][r] = tile.ExpNew[at];
                statistics[RowStatistic.LabelExpOldAtTemperature][r] = tile.ExpOld[at];
            }
        }
    }

    /// <summary>
    /// As <see cref="WideRows{TLanes,TDoubles,TLoss}.Centre"/>. A row of KL(p_old ‖ p_new) that is not among
    /// <paramref name="rows"/> keeps its plain exponentials, so what a row gets does not depend on its neighbours.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Centre<TCareful>(in RowLossContext context, in RowPointers tile, RowStatistics statistics, uint rows)
        where TCareful : struct, IFlag
    {
        ExponentialRemainder<TLanes, TDoubles> remainder = ExponentialRemainder<TLanes, TDoubles>.Load();
        float* logitsNew = tile.New, logitsOld = tile.Old, expsNew = tile.ExpNew, expsOld = tile.ExpOld, terms = tile.Centred;
        TLanes shiftNew = TLanes.Load(statistics[RowStatistic.ShiftNew]),
            shiftOld = TLanes.Load(statistics[RowStatistic.ShiftOld]);
        TLanes offset = TLanes.Load(statistics[RowStatistic.Offset]);
        TLanes centre = TLanes.Load(statistics[RowStatistic.Centre]), centreExp = TLanes.Load(statistics[RowStatistic.CentreExp]);
        TLanes label = TLanes.Load(statistics[RowStatistic.Label]);
        TLanes scale = TLanes.Broadcast(TLoss.Reversed ? context.InverseTemperature : -context.InverseTemperature);
        TLanes chosen = TLanes.FromBits(rows);
        TLanes sum = TLanes.Zero, drift = TLanes.Zero, labelCentred = TLanes.Zero, step = TLanes.Zero, one = TLanes.Broadcast(1f);
        int end = context.Classes * 16;
        for (int i = 0; i < end; i += 16)
        {
            TLanes b = RowTerms<TLanes, TDoubles, TLoss>.Shift<TCareful>(TLanes.Load(logitsNew + i), shiftNew);
            TLanes a = RowTerms<TLanes, TDoubles, TLoss>.Shift<TCareful>(TLanes.Load(logitsOld + i), shiftOld);
            TLanes expNew = TLanes.Load(expsNew + i), expOld = TLanes.Load(expsOld + i);
            TLanes x = TLanes.MultiplyAdd(a - b - offset, scale, centre);
            TLanes term = TLoss.Reversed
                ? RowTerms<TLanes, TDoubles, TLoss>.Centred<TCareful>(remainder, expNew, expOld, x, centreExp, ref sum, ref drift)
                : RowTerms<TLanes, TDoubles, TLoss>.Centred<TCareful>(remainder, expOld, expNew, x, centreExp, ref sum, ref drift);
            if (!TLoss.Reversed) term = TLanes.Select(chosen, term, expNew);
            TLanes.Store(terms + i, term);
            labelCentred = TLanes.WhereEqual(label, step, term, labelCentred);
            step += one;
        }
        TLanes.Store(statistics[RowStatistic.CentredSum], sum);
        TLanes.Store(statistics[RowStatistic.CentredDrift], drift);
        TLanes.Store(statistics[RowStatistic.LabelCentred], labelCentred);
    }

    /// <summary>The gradient of the sixteen rows, into the tile of the new logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient<TCareful, TCentred>(in RowLossContext context, in RowPointers tile, RowStatistics statistics,
        uint valid)
        where TCareful : struct, IFlag
        where TCentred : struct, IFlag
    {
        TLanes coefficientFirst = TLanes.Load(statistics[RowStatistic.CoefficientFirst]);
        TLanes coefficientSecond = TLanes.Load(statistics[RowStatistic.CoefficientSecond]);
        TLanes coefficientBase = TLanes.Load(statistics[RowStatistic.CoefficientBase]);
        TLanes constant = TLanes.Load(statistics[RowStatistic.Constant]),
            labelGradient = TLanes.Load(statistics[RowStatistic.LabelGradient]);
        TLanes label = TLanes.Load(statistics[RowStatistic.Label]), keep = TLanes.FromBits(valid);
        TLanes step = TLanes.Zero, one = TLanes.Broadcast(1f);
        float* first = TLoss.Matching ? tile.New : TLoss.TopDifference ? tile.ExpOld : TCentred.IsSet ? tile.Centred : tile.ExpNew;
        float* second = TLoss.Matching ? tile.Old : TLoss.Reversed ? tile.ExpNew : tile.ExpOld;
        float* ofBase = TLoss.Squared ? tile.New : TLoss.Divergence && TLoss.Squarings < 0 ? tile.ExpNewAtOne : tile.ExpNew;
        int end = context.Classes * 16;
        for (int i = 0; i < end; i += 16)
        {
            TLanes rest = constant, p = TLanes.Zero, q = TLanes.Zero;
            if (TLoss.Squared || (TLoss.CrossEntropy && (TCentred.IsSet || !TLoss.Divergence || TLoss.Squarings != 0)))
            {
                TLanes z = TLanes.Load(ofBase + i);
                if (TLoss.CrossEntropy && TLoss.Divergence) z = RowTerms<TLanes, TDoubles, TLoss>.AtOne(z);
                rest = TLanes.MultiplyAdd(coefficientBase, z, constant);
            }
            if (TLoss.TopDifference) p = TLanes.Load(first + i);
            if (TLoss.Divergence || TLoss.Matching)
            {
                p = TLanes.Load(first + i);
                q = TLanes.Load(second + i);
            }
            TLanes g = RowTerms<TLanes, TDoubles, TLoss>.Gradient<TCareful>(p, q, coefficientFirst, coefficientSecond, rest);
            if (TLoss.CrossEntropy || TLoss.Squared) g = TLanes.WhereEqual(label, step, labelGradient, g);
            TLanes.Store(tile.New + i, TLanes.Select(keep, g, TLanes.Zero));
            step += one;
        }
    }
}
