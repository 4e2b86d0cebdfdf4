using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Row passes with classes along the lanes, for rows of many classes. The row's logits and exponentials stay in the nearest
/// cache between passes, so memory sees each logit once.
/// </summary>
internal static unsafe class WideRows<TLanes, TDoubles, TLoss>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TLoss : struct, IRowLoss
{
    /// <summary>Exponentials into scratch, and every sum that the values need.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<TCareful>(in RowLossContext context, in RowPointers row, RowStatistics statistics, int lane)
        where TCareful : struct, IFlag
    {
        int classes = context.Classes, whole = classes & ~15;
        Tails(row, classes);
        // Written out wherever it decides: the compiler drops a branch on types before it looks inside, any other after.
        if (typeof(TLanes) == typeof(Lanes128) && (TLoss.CrossEntropy || TLoss.Divergence)) ExponentialsApart<TCareful>(context, row, statistics, lane);
        Exponential<TLanes, TDoubles> exp = typeof(TLanes) == typeof(Lanes128) ? default : Exponential<TLanes, TDoubles>.Load();
        // Copies: after each store the compiler would read them again from the caller's.
        float* logitsNew = row.New, logitsOld = row.Old, nextNew = row.NextNew, nextOld = row.NextOld, tails = row.Tail;
        float* expsNew = row.ExpNew, expsOld = row.ExpOld, expsNewAtOne = row.ExpNewAtOne;
        TLanes maxNew = TLanes.Broadcast(statistics[RowStatistic.MaxNew][lane]);
        TLanes maxOld = TLanes.Broadcast(statistics[RowStatistic.MaxOld][lane]);
        TLanes inverse = TLanes.Broadcast(context.InverseTemperature);
        // The argmax's own 1 stays out of the sums: what is left is exact to its own size, also where it is tiny.
        int argmaxNew = (int)statistics[RowStatistic.ArgmaxNew][lane], argmaxOld = (int)statistics[RowStatistic.ArgmaxOld][lane];
        int starNew = argmaxNew & ~15, starOld = argmaxOld & ~15;
        TLanes isStarNew = TLanes.FromBits(1u << (argmaxNew & 15)), isStarOld = TLanes.FromBits(1u << (argmaxOld & 15));
        int label = (int)statistics[RowStatistic.Label][lane];
        int labelChunk = label & ~15;
        TLanes target = TLanes.Select(TLanes.FromBits(1u << (label & 15)), TLanes.Broadcast(context.TargetScale), TLanes.Zero);

        TLanes restNew = TLanes.Zero, restNewT = TLanes.Zero, restOldT = TLanes.Zero, cross = TLanes.Zero;
        TLanes shiftedSum = TLanes.Zero, squares = TLanes.Zero, matching = TLanes.Zero;
        int i = 0;
        if (typeof(TLanes) == typeof(Lanes512) && TLoss.Divergence && !TCareful.IsSet)
        {
            // Two steps at a time where one register holds sixteen lanes; sums still add one step after the other.
            for (; i + 32 <= whole; i += 32)
            {
                TLanes n = TLanes.Load(logitsNew + i), o = TLanes.Load(logitsOld + i);
                TLanes n1 = TLanes.Load(logitsNew + i + 16), o1 = TLanes.Load(logitsOld + i + 16);
                Prefetch.Near(nextNew + i);
                Prefetch.Near(nextOld + i);
                Prefetch.Near(nextNew + i + 16);
                Prefetch.Near(nextOld + i + 16);
                TLanes b = n - maxNew, a = o - maxOld, b1 = n1 - maxNew, a1 = o1 - maxOld;
                TLanes expNew = b * inverse, expOld = a * inverse, expNew1 = b1 * inverse, expOld1 = a1 * inverse;
                exp.Of(ref expNew, ref expOld, ref expNew1, ref expOld1);
                TLanes.Store(expsNew + i, expNew);
                TLanes.Store(expsOld + i, expOld);
                TLanes.Store(expsNew + i + 16, expNew1);
                TLanes.Store(expsOld + i + 16, expOld1);
                cross = TLoss.Reversed
                    ? TLanes.MultiplyAdd(expNew1, b1 - a1, TLanes.MultiplyAdd(expNew, b - a, cross))
                    : TLanes.MultiplyAdd(expOld1, a1 - b1, TLanes.MultiplyAdd(expOld, a - b, cross));
                if (starNew >> 5 == i >> 5)
                {
                    if (i == starNew) expNew = TLanes.Select(isStarNew, TLanes.Zero, expNew);
                    else expNew1 = TLanes.Select(isStarNew, TLanes.Zero, expNew1);
                }
                if (starOld >> 5 == i >> 5)
                {
                    if (i == starOld) expOld = TLanes.Select(isStarOld, TLanes.Zero, expOld);
                    else expOld1 = TLanes.Select(isStarOld, TLanes.Zero, expOld1);
                }
                restNewT = restNewT + expNew + expNew1;
                restOldT = restOldT + expOld + expOld1;
                if (TLoss.CrossEntropy && TLoss.Squarings > 0)
                {
                    restNew = RowTerms<TLanes, TDoubles, TLoss>.AddAtOne(expNew1, RowTerms<TLanes, TDoubles, TLoss>.AddAtOne(expNew, restNew));
                }
                if (TLoss.CrossEntropy && TLoss.Squarings < 0)
                {
                    TLanes atOne = b, atOne1 = b1;
                    exp.Of(ref atOne, ref atOne1);
                    TLanes.Store(expsNewAtOne + i, atOne);
                    TLanes.Store(expsNewAtOne + i + 16, atOne1);
                    if (i == starNew) atOne = TLanes.Select(isStarNew, TLanes.Zero, atOne);
                    if (i + 16 == starNew) atOne1 = TLanes.Select(isStarNew, TLanes.Zero, atOne1);
                    restNew = restNew + atOne + atOne1;
                }
                if (TLoss.Smoothed) shiftedSum = shiftedSum + b + b1;
                if (TLoss.Squared)
                {
                    TLanes residual = i == labelChunk ? n - target : n, residual1 = i + 16 == labelChunk ? n1 - target : n1;
                    squares = TLanes.MultiplyAdd(residual1, residual1, TLanes.MultiplyAdd(residual, residual, squares));
                }
            }
        }
        for (; i < classes; i += 16)
        {
            bool tail = i == whole;
            TLanes n = TLanes.Load(tail ? tails : logitsNew + i), o = TLanes.Zero;
            Prefetch.Near(nextNew + i);
            Prefetch.Near(nextOld + i);
            if (TLoss.Divergence || TLoss.Matching) o = TLanes.Load(tail ? tails + 16 : logitsOld + i);
            if (TLoss.CrossEntropy || TLoss.Divergence)
            {
                TLanes live = TLanes.Zero;
                if (tail) live = TLanes.FromBits((1u << (classes - i)) - 1);
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
                    }
                    if (tail)
                    {
                        expNew = TLanes.Select(live, expNew, TLanes.Zero);
                        expOld = TLanes.Select(live, expOld, TLanes.Zero);
                    }
                    TLanes.Store(expsNew + i, expNew);
                    TLanes.Store(expsOld + i, expOld);
                    cross = TLoss.Reversed
                        ? RowTerms<TLanes, TDoubles, TLoss>.AddWeighted<TCareful>(expNew, b - a, cross)
                        : RowTerms<TLanes, TDoubles, TLoss>.AddWeighted<TCareful>(expOld, a - b, cross);
                    if (i == starNew) expNew = TLanes.Select(isStarNew, TLanes.Zero, expNew);
                    if (i == starOld) expOld = TLanes.Select(isStarOld, TLanes.Zero, expOld);
                    restNewT += expNew;
                    restOldT += expOld;
                    if (TLoss.CrossEntropy && TLoss.Squarings > 0) restNew = RowTerms<TLanes, TDoubles, TLoss>.AddAtOne(expNew, restNew);
                    if (TLoss.CrossEntropy && TLoss.Squarings < 0)
                    {
                        TLanes atOne = typeof(TLanes) == typeof(Lanes128) ? TLanes.Load(expsNewAtOne + i) : exp.Of(b);
                        if (tail) atOne = TLanes.Select(live, atOne, TLanes.Zero);
                        TLanes.Store(expsNewAtOne + i, atOne);
                        if (i == starNew) atOne = TLanes.Select(isStarNew, TLanes.Zero, atOne);
                        restNew += atOne;
                    }
                }
                else
                {
                    TLanes expNew = typeof(TLanes) == typeof(Lanes128) ? TLanes.Load(expsNew + i) : exp.Of(b);
                    if (tail) expNew = TLanes.Select(live, expNew, TLanes.Zero);
                    TLanes.Store(expsNew + i, expNew);
                    if (i == starNew) expNew = TLanes.Select(isStarNew, TLanes.Zero, expNew);
                    restNew += expNew;
                }
                if (TLoss.Smoothed) shiftedSum += tail ? TLanes.Select(live, b, TLanes.Zero) : b;
            }
            if (TLoss.Squared)
            {
                TLanes residual = i == labelChunk ? n - target : n;
                squares = TLanes.MultiplyAdd(residual, residual, squares);
            }
            if (TLoss.Matching)
            {
                TLanes difference = RowTerms<TLanes, TDoubles, TLoss>.Difference<TCareful>(n, o);
                matching = TLanes.MultiplyAdd(difference, difference, matching);
            }
        }

        if (TLoss.CrossEntropy && (!TLoss.Divergence
            || TLoss.Squarings != 0)) statistics[RowStatistic.RestNew][lane] = TLanes.Sum(restNew);
        if (TLoss.Divergence)
        {
            statistics[RowStatistic.RestNewAtTemperature][lane] = TLanes.Sum(restNewT);
            statistics[RowStatistic.RestOldAtTemperature][lane] = TLanes.Sum(restOldT);
            statistics[RowStatistic.Cross][lane] = TLanes.Sum(cross);
            if (TLoss.CrossEntropy && TLoss.Squarings == 0)
            {
                statistics[RowStatistic.RestNew][lane] = statistics[RowStatistic.RestNewAtTemperature][lane];
            }
        }
        if (TLoss.Smoothed) statistics[RowStatistic.ShiftedSum][lane] = TLanes.Sum(shiftedSum);
        if (TLoss.Squared) statistics[RowStatistic.Squares][lane] = TLanes.Sum(squares);
        if (TLoss.Matching) statistics[RowStatistic.MatchingSquares][lane] = TLanes.Sum(matching);
        Label(row, statistics, lane, label);
    }

    /// <summary>The second look of KL, around the mean of its log ratio.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Centre<TCareful>(in RowLossContext context, in RowPointers row, RowStatistics statistics, int lane)
        where TCareful : struct, IFlag
    {
        int classes = context.Classes, whole = classes & ~15;
        Tails(row, classes);
        // Calls and copies first, as above.
        ExponentialRemainder<TLanes, TDoubles> remainder = ExponentialRemainder<TLanes, TDoubles>.Load();
        float* logitsNew = row.New, logitsOld = row.Old, expsNew = row.ExpNew, expsOld = row.ExpOld, terms = row.Centred;
        TLanes shiftNew = TLanes.Broadcast(statistics[RowStatistic.ShiftNew][lane]);
        TLanes shiftOld = TLanes.Broadcast(statistics[RowStatistic.ShiftOld][lane]);
        TLanes offset = TLanes.Broadcast(statistics[RowStatistic.Offset][lane]);
        TLanes scale = TLanes.Broadcast(TLoss.Reversed ? context.InverseTemperature : -context.InverseTemperature);
        TLanes centre = TLanes.Broadcast(statistics[RowStatistic.Centre][lane]);
        TLanes centreExp = TLanes.Broadcast(statistics[RowStatistic.CentreExp][lane]);
        TLanes sum = TLanes.Zero, drift = TLanes.Zero;
        int i = 0;
        while (true)
        {
            for (; i < whole; i += 16)
            {
                TLanes b = RowTerms<TLanes, TDoubles, TLoss>.Shift<TCareful>(TLanes.Load(logitsNew + i), shiftNew);
                TLanes a = RowTerms<TLanes, TDoubles, TLoss>.Shift<TCareful>(TLanes.Load(logitsOld + i), shiftOld);
                TLanes expNew = TLanes.Load(expsNew + i), expOld = TLanes.Load(expsOld + i);
                TLanes x = TLanes.MultiplyAdd(a - b - offset, scale, centre);
                TLanes term = TLoss.Reversed
                    ? RowTerms<TLanes, TDoubles, TLoss>.Centred<TCareful>(remainder, expNew, expOld, x, centreExp, ref sum, ref drift)
                    : RowTerms<TLanes, TDoubles, TLoss>.Centred<TCareful>(remainder, expOld, expNew, x, centreExp, ref sum, ref drift);
                TLanes.Store(terms + i, term);
            }
            if (i >= classes) break;
            // The rest of the row, by the same code.
            logitsNew = row.Tail - i;
            logitsOld = row.Tail + 16 - i;
            whole = i + 16;
        }
        statistics[RowStatistic.CentredSum][lane] = TLanes.Sum(sum);
        statistics[RowStatistic.CentredDrift][lane] = TLanes.Sum(drift);
        int label = (int)statistics[RowStatistic.Label][lane];
        statistics[RowStatistic.LabelCentred][lane] = row.Centred[label];
    }

    /// <summary>
    /// The classes behind the last sixteen, where a whole load may read. Called before anything is in a vector register: around
    /// a call the compiler keeps them all in memory, for the length of the method.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tails(in RowPointers row, int classes)
    {
        int count = classes & 15;
        if (count == 0) return;
        TLanes.Store(row.Tail, TLanes.LoadPartial(row.New + classes - count, count));
        if (TLoss.Divergence || TLoss.Matching) TLanes.Store(row.Tail + 16, TLanes.LoadPartial(row.Old + classes - count, count));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ExponentialsApart<TCareful>(in RowLossContext context, in RowPointers row, RowStatistics statistics, int lane)
        where TCareful : struct, IFlag
    {
        int whole = context.Classes & ~15;
        TLanes maxNew = TLanes.Broadcast(statistics[RowStatistic.MaxNew][lane]);
        TLanes maxOld = TLanes.Broadcast(statistics[RowStatistic.MaxOld][lane]);
        RowExponentials<TLanes, TDoubles, TLoss>.Take<TCareful>(context, row.New, row.Old, whole, row, 0, maxNew, maxOld);
        if (whole == context.Classes) return;
        RowExponentials<TLanes, TDoubles, TLoss>.Take<TCareful>(context, row.Tail, row.Tail + 16, 16, row, whole, maxNew, maxOld);
    }

    private static void Label(in RowPointers row, RowStatistics statistics, int lane, int label)
    {
        label = Math.Max(0, label);
        statistics[RowStatistic.LabelNew][lane] = row.New[label];
        if (TLoss.Divergence || TLoss.Matching) statistics[RowStatistic.LabelOld][lane] = row.Old[label];
        if (TLoss.CrossEntropy && (!TLoss.Divergence || TLoss.Squarings < 0))
        {
            statistics[RowStatistic.LabelExpNew][lane] = TLoss.Divergence ? row.ExpNewAtOne[label] : row.ExpNew[label];
        }
        if (TLoss.Divergence)
        {
            statistics[RowStatistic.LabelExpNewAtTemperature][lane] = row.ExpNew[label];
            statistics[RowStatistic.LabelExpOldAtTemperature][lane] = row.ExpOld[label];
        }
    }
}
