using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>LDI of sixteen rows, one a lane: sums over their top K, and the slopes in the tile of the old exponentials.</summary>
internal static unsafe class NarrowDifferences<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Up to here the bounds of sixteen rows are found together.</summary>
    private const int MostTogether = 20;

    /// <summary>Largest elements that one look at the tile sorts out.</summary>
    private const int Sorted = 5;

    /// <summary>As <see cref="WideDifferences{TLanes,TDoubles}.Take"/>. <paramref name="finite"/> speaks of the new and old logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Take(in RowLossContext context, in RowLossOperands operands, int row, int rows, in RowPointers tile, RowStatistics statistics, bool finite)
    {
        int classes = context.Classes;
        TLanes maxNew = TLanes.Load(statistics[RowStatistic.MaxNew]), maxOld = TLanes.Load(statistics[RowStatistic.MaxOld]);
        TLanes label = TLanes.Load(statistics[RowStatistic.Label]), one = TLanes.Broadcast(1f), zero = TLanes.Zero, nan = TLanes.Broadcast(float.NaN);
        float* rank = context.RankBy == RankSource.New ? tile.New : context.RankBy == RankSource.Old ? tile.Old : tile.Centred;
        TLanes known = TLanes.WhereEqual(maxNew, maxNew, TLanes.WhereEqual(maxOld, maxOld, zero, nan), nan);
        if (context.RankBy == RankSource.Reference)
        {
            LaneTranspose<TLanes>.Load(operands.Reference.Pointer + ((long)row * operands.LdReference), operands.LdReference, rows, classes, rank);
            RowArgmax<TLanes, TDoubles>.Across(rank, classes, out TLanes max, out _, out bool finiteReference);
            known = TLanes.WhereEqual(max, max, known, nan);
            finite &= finiteReference;
        }
        // Rows whose label is none of the classes may take one more.
        bool all = context.TopK >= classes
            || (context.ExcludesTrueClass && context.TopK >= classes - 1 && TLanes.ToBits(TLanes.GreaterThan(zero, label)) == 0);
        TLanes bound = TLanes.Broadcast(float.NegativeInfinity), place = TLanes.Broadcast(classes);
        if (!all && !(finite && context.TopK <= MostTogether && Together(context, rank, tile.ExpNewAtOne, label, out bound)))
        {
            Bounds(context, operands, row, rows, statistics, known, out bound, out place);
        }
        TLanes without = context.ExcludesTrueClass ? label : -one;
        TLanes sum = Sum(context, tile, rank, label, without, bound, place);
        TLanes.Store(statistics[RowStatistic.TopSum], TLanes.WhereEqual(known, known, sum, nan));
        float* labels = statistics[RowStatistic.Label];
        for (int r = 0; r < RowStatistics.Rows; r++)
        {
            int y = float.ConvertToIntegerNative<int>(labels[r]);
            statistics[RowStatistic.LabelSlope][r] = y < 0 ? 0f : tile.ExpOld[(y * 16) + r];
        }
    }

    /// <summary>
    /// The K-th largest of each row, five at a time: a class goes down a row of the largest so far, each step of which keeps the larger and hands on the smaller. What comes out at its end is looked at again.
    /// False where a row has others equal to its K-th. All logits are finite.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Together(in RowLossContext context, float* rank, float* rest, TLanes label, out TLanes bound)
    {
        TLanes nothing = TLanes.Broadcast(float.NegativeInfinity), one = TLanes.Broadcast(1f), zero = TLanes.Zero, step = zero;
        TLanes without = context.ExcludesTrueClass ? label : -one, a = nothing, b = nothing, c = nothing, d = nothing, e = nothing;
        int end = context.Classes * 16, k = context.TopK;
        float* from = rank;
        TLanes dropped = without;
        for (; k > 0; k -= Sorted)
        {
            a = b = c = d = e = nothing;
            step = zero;
            for (int i = 0; i < end; i += 16)
            {
                TLanes z = TLanes.WhereEqual(dropped, step, nothing, TLanes.Load(from + i)), lower = TLanes.Min(z, a);
                a = TLanes.Max(z, a);
                z = TLanes.Min(lower, b);
                b = TLanes.Max(lower, b);
                lower = TLanes.Min(z, c);
                c = TLanes.Max(z, c);
                z = TLanes.Min(lower, d);
                d = TLanes.Max(lower, d);
                lower = TLanes.Min(z, e);
                e = TLanes.Max(z, e);
                TLanes.Store(rest + i, lower);
                step += one;
            }
            from = rest;
            dropped = -one;
        }
        bound = (k + Sorted) switch { 1 => a, 2 => b, 3 => c, 4 => d, _ => e };
        TLanes reached = zero;
        step = zero;
        for (int i = 0; i < end; i += 16)
        {
            TLanes z = TLanes.WhereEqual(without, step, nothing, TLanes.Load(rank + i));
            reached += TLanes.WhereGreater(bound, z, zero, one);
            step += one;
        }
        return TLanes.ToBits(TLanes.Equal(reached, TLanes.Broadcast(context.TopK))) == 0xFFFF;
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
    private static TLanes Sum(in RowLossContext context, in RowPointers tile, float* rank, TLanes label, TLanes without, TLanes bound, TLanes place)
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
            size = TLanes.WhereEqual(without, step, zero, size);
            sum += DifferenceTerms<TLanes, TDoubles>.Value(context, difference, size, out TLanes slope);
            TLanes.Store(slopes + i, slope);
            step += one;
        }
        return sum;
    }
}
