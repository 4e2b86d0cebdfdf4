using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>LDI of sixteen rows, one a lane: sums over their top K, and the slopes in the tile of the old exponentials.</summary>
internal static unsafe class NarrowDifferences<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Up to here the bounds of sixteen rows are found K looks at the tile.</summary>
    private const int MostRounds = 16;

    /// <summary>As <see cref="WideDifferences{TLanes,TDoubles}.Take"/>. <paramref name="finite"/> speaks of the new and old logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Take(in RowLossContext context, in RowLossOperands operands, int row, int rows, in RowPointers tile, RowStatistics statistics, bool finite)
    {
        int classes = context.Classes, end = classes * 16;
        TLanes maxNew = TLanes.Load(statistics[RowStatistic.MaxNew]), maxOld = TLanes.Load(statistics[RowStatistic.MaxOld]);
        TLanes label = TLanes.Load(statistics[RowStatistic.Label]), one = TLanes.Broadcast(1f), zero = TLanes.Zero, nan = TLanes.Broadcast(float.NaN);
        float* rank = context.RankBy == RankSource.New ? tile.New : context.RankBy == RankSource.Old ? tile.Old : tile.Centred;
        TLanes bound = context.RankBy == RankSource.New ? maxNew : maxOld;
        TLanes place = TLanes.Load(statistics[context.RankBy == RankSource.New ? RowStatistic.ArgmaxNew : RowStatistic.ArgmaxOld]);
        TLanes known = TLanes.WhereEqual(maxNew, maxNew, TLanes.WhereEqual(maxOld, maxOld, zero, nan), nan);
        if (context.RankBy == RankSource.Reference)
        {
            LaneTranspose<TLanes>.Load(operands.Reference.Pointer + ((long)row * operands.LdReference), operands.LdReference, rows, classes, rank);
            RowArgmax<TLanes, TDoubles>.Across(rank, classes, out bound, out place, out bool finiteReference);
            known = TLanes.WhereEqual(bound, bound, known, nan);
            finite &= finiteReference;
        }
        bool all = context.TopK >= classes;
        if (context.ExcludesTrueClass)
        {
            // A NaN is neither above a bound nor equal to it.
            float* marked = tile.ExpNewAtOne;
            TLanes step = zero;
            for (int i = 0; i < end; i += 16)
            {
                TLanes.Store(marked + i, TLanes.WhereEqual(label, step, nan, TLanes.Load(rank + i)));
                step += one;
            }
            rank = marked;
            all = context.TopK >= classes - 1 && TLanes.ToBits(TLanes.GreaterThan(zero, label)) == 0;
            bound = TLanes.Broadcast(float.PositiveInfinity);
            place = -one;
        }
        if (all)
        {
            bound = TLanes.Broadcast(float.NegativeInfinity);
            place = TLanes.Broadcast(classes);
        }
        else if (finite && context.TopK <= MostRounds) Rounds(rank, end, context.TopK - (context.ExcludesTrueClass ? 0 : 1), ref bound, ref place);
        else Bounds(context, operands, row, rows, statistics, known, out bound, out place);
        TLanes sum = Sum(context, tile, rank, label, bound, place);
        TLanes.Store(statistics[RowStatistic.TopSum], TLanes.WhereEqual(known, known, sum, nan));
        float* labels = statistics[RowStatistic.Label];
        for (int r = 0; r < RowStatistics.Rows; r++)
        {
            int y = float.ConvertToIntegerNative<int>(labels[r]);
            statistics[RowStatistic.LabelSlope][r] = y < 0 ? 0f : tile.ExpOld[(y * 16) + r];
        }
    }

    /// <summary>From one bound to the next below, some times over. All logits are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rounds(float* rank, int end, int rounds, ref TLanes bound, ref TLanes place)
    {
        TLanes one = TLanes.Broadcast(1f), nothing = TLanes.Broadcast(float.NegativeInfinity);
        for (int round = 0; round < rounds; round++)
        {
            TLanes best = nothing, where = TLanes.Zero, step = TLanes.Zero, above = bound, behind = place;
            for (int i = 0; i < end; i += 16)
            {
                TLanes z = TLanes.Load(rank + i);
                z = TLanes.WhereEqual(z, above, TLanes.WhereGreater(step, behind, z, nothing), TLanes.WhereGreater(above, z, z, nothing));
                where = TLanes.WhereGreater(z, best, step, where);
                best = TLanes.Max(z, best);
                step += one;
            }
            bound = best;
            place = where;
        }
    }

    /// <summary>Row by row: many classes to choose, or infinities among them.</summary>
    private static void Bounds(
        in RowLossContext context, in RowLossOperands operands, int row, int rows, RowStatistics statistics, TLanes known, out TLanes bound, out TLanes place)
    {
        (Block<float> matrix, int ld) = context.RankBy switch
        {
            RankSource.New => (operands.New, operands.LdNew),
            RankSource.Old => (operands.Old, operands.LdOld),
            _ => (operands.Reference, operands.LdReference),
        };
        float* bounds = stackalloc float[16], places = stackalloc float[16];
        uint rowsKnown = TLanes.ToBits(TLanes.Equal(known, known));
        for (int r = 0; r < 16; r++)
        {
            bounds[r] = places[r] = 0;
            if (r >= rows || (rowsKnown >> r & 1) == 0) continue;
            int excluded = context.ExcludesTrueClass ? (int)statistics[RowStatistic.Label][r] : -1;
            TopClasses<TLanes, TDoubles>.Bound(matrix.Pointer + ((long)(row + r) * ld), context.Classes, context.TopK, excluded, out bounds[r], out int last);
            places[r] = last;
        }
        bound = TLanes.Load(bounds);
        place = TLanes.Load(places);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TLanes Sum(in RowLossContext context, in RowPointers tile, float* rank, TLanes label, TLanes bound, TLanes place)
    {
        float* news = tile.New, olds = tile.Old, slopes = tile.ExpOld;
        TLanes sum = TLanes.Zero, step = TLanes.Zero, zero = TLanes.Zero, one = TLanes.Broadcast(1f);
        int end = context.Classes * 16;
        for (int i = 0; i < end; i += 16)
        {
            TLanes z = TLanes.Load(rank + i);
            TLanes difference = DifferenceTerms<TLanes, TDoubles>.Difference(TLanes.Load(news + i), TLanes.Load(olds + i));
            TLanes size = context.OneSided ? TLanes.WhereEqual(label, step, -difference, difference) : TLanes.Abs(difference);
            size = TLanes.WhereEqual(z, bound, TLanes.WhereGreater(step, place, zero, size), TLanes.WhereGreater(z, bound, size, zero));
            sum += DifferenceTerms<TLanes, TDoubles>.Value(context, difference, size, out TLanes slope);
            TLanes.Store(slopes + i, slope);
            step += one;
        }
        return sum;
    }
}
