using System.Numerics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Argmax over lanes: the lowest index among equals.</summary>
internal static unsafe class RowArgmax<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Elements between what is looked at and what is asked for: a page, at whose end the processor's own prefetching stops.</summary>
    private const int Ahead = 1024;

    /// <summary>
    /// One row along the lanes. −1 and a NaN maximum where it holds a NaN; <paramref name="finite"/> tells whether all elements
    /// are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Along(float* row, int count, out float max, out bool finite)
    {
        // Two chunks at a time, each with its own maximum and counters: one chain of dependent steps would take longer than the
        // loads.
        TLanes best = TLanes.Broadcast(float.NegativeInfinity),
            where = TLanes.Zero, one = TLanes.Broadcast(1f), two = TLanes.Broadcast(2f);
        TLanes nextBest = best, nextWhere = one, step = TLanes.Zero, nextStep = one, check = TLanes.Zero, nextCheck = TLanes.Zero;
        int whole = count & ~15, i = 0;
        for (; i + 32 <= count; i += 32)
        {
            TLanes v = TLanes.Load(row + i), next = TLanes.Load(row + i + 16);
            Prefetch.Near(row + i + Ahead);
            Prefetch.Near(row + i + Ahead + 16);
            where = TLanes.WhereGreater(v, best, step, where);
            best = TLanes.Max(v, best);
            nextWhere = TLanes.WhereGreater(next, nextBest, nextStep, nextWhere);
            nextBest = TLanes.Max(next, nextBest);
            step += two;
            nextStep += two;
            // 0·z is NaN exactly where z is not finite.
            check = TLanes.MultiplyAdd(v, TLanes.Zero, check);
            nextCheck = TLanes.MultiplyAdd(next, TLanes.Zero, nextCheck);
        }
        check += nextCheck;
        // Among equals the earlier chunk.
        TLanes earlier = TLanes.Min(where, nextWhere);
        where = TLanes.WhereGreater(nextBest, best, nextWhere, TLanes.WhereEqual(nextBest, best, earlier, where));
        best = TLanes.Max(nextBest, best);
        if (i < whole)
        {
            TLanes v = TLanes.Load(row + i);
            where = TLanes.WhereGreater(v, best, step, where);
            best = TLanes.Max(v, best);
            step += one;
            check = TLanes.MultiplyAdd(v, TLanes.Zero, check);
        }
        if (whole < count)
        {
            int rest = count - whole;
            TLanes v = TLanes.LoadPartial(row + whole, rest);
            check = TLanes.MultiplyAdd(v, TLanes.Zero, check);
            v = TLanes.Select(TLanes.FromBits((1u << rest) - 1), v, TLanes.Broadcast(float.NegativeInfinity));
            where = TLanes.WhereGreater(v, best, step, where);
            best = TLanes.Max(v, best);
        }
        finite = TLanes.ToBits(TLanes.Equal(check, TLanes.Zero)) == 0xFFFF;
        max = TLanes.MaxAcross(best);
        if (!finite && HoldsNaN(row, count))
        {
            max = float.NaN;
            return -1;
        }
        TLanes atMax = TLanes.Equal(best, TLanes.Broadcast(max));
        float first = -TLanes.MaxAcross(TLanes.Select(atMax, -where, TLanes.Broadcast(float.NegativeInfinity)));
        uint lanes = TLanes.ToBits(atMax) & TLanes.ToBits(TLanes.Equal(where, TLanes.Broadcast(first)));
        return ((int)first * 16) + BitOperations.TrailingZeroCount(lanes);
    }

    /// <summary>Sixteen rows, one a lane, of a tile [classes × 16]. Maximum NaN and index −1 where a row holds a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Across(float* tile, int classes, out TLanes max, out TLanes index, out bool finite)
    {
        // Even and odd classes apart, as above.
        TLanes best = TLanes.Load(tile), where = TLanes.Zero, one = TLanes.Broadcast(1f), two = TLanes.Broadcast(2f);
        TLanes nextBest = TLanes.Load(tile + (classes > 1 ? 16 : 0)), nextWhere = one;
        TLanes step = TLanes.Zero, nextStep = one, check = best * TLanes.Zero, nextCheck = nextBest * TLanes.Zero;
        int c = 2;
        for (; c + 1 < classes; c += 2)
        {
            TLanes v = TLanes.Load(tile + (c * 16)), next = TLanes.Load(tile + (c * 16) + 16);
            step += two;
            nextStep += two;
            where = TLanes.WhereGreater(v, best, step, where);
            nextWhere = TLanes.WhereGreater(next, nextBest, nextStep, nextWhere);
            best = TLanes.Max(v, best);
            nextBest = TLanes.Max(next, nextBest);
            check = TLanes.MultiplyAdd(v, TLanes.Zero, check);
            nextCheck = TLanes.MultiplyAdd(next, TLanes.Zero, nextCheck);
        }
        if (c < classes)
        {
            TLanes v = TLanes.Load(tile + (c * 16));
            where = TLanes.WhereGreater(v, best, step + two, where);
            best = TLanes.Max(v, best);
            check = TLanes.MultiplyAdd(v, TLanes.Zero, check);
        }
        check += nextCheck;
        TLanes earlier = TLanes.Min(where, nextWhere);
        where = TLanes.WhereGreater(nextBest, best, nextWhere, TLanes.WhereEqual(nextBest, best, earlier, where));
        best = TLanes.Max(nextBest, best);
        finite = TLanes.ToBits(TLanes.Equal(check, TLanes.Zero)) == 0xFFFF;
        if (!finite)
        {
            // The first element may have been a NaN, which compares false with all that follow: begin again below everything.
            best = TLanes.Broadcast(float.NegativeInfinity);
            where = step = TLanes.Zero;
            TLanes ordered = TLanes.FromBits(0xFFFF), nan = TLanes.Broadcast(float.NaN);
            for (c = 0; c < classes; c++)
            {
                TLanes v = TLanes.Load(tile + (c * 16));
                where = TLanes.WhereGreater(v, best, step, where);
                best = TLanes.Max(v, best);
                step += one;
                ordered = TLanes.WhereEqual(v, v, ordered, TLanes.Zero);
            }
            best = TLanes.Select(ordered, best, nan);
            where = TLanes.Select(ordered, where, -one);
        }
        max = best;
        index = where;
    }

    private static bool HoldsNaN(float* row, int count)
    {
        bool found = false;
        for (int i = 0; i < count; i++) found |= float.IsNaN(row[i]);
        return found;
    }
}
