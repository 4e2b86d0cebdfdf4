using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The one row driver. Rows are cut in chunks, chunks in groups of up to sixteen rows that stay in cache through all passes;
/// which way rows lie in the lanes, and every cut, follow from the shape alone.
/// </summary>
internal unsafe struct RowLossJob<TLanes, TDoubles, TLoss> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TLoss : struct, IRowLoss
{
    /// <summary>Up to here sixteen rows go side by side: their six tiles still fit the nearest cache.</summary>
    private const int NarrowClasses = 128;

    /// <summary>Elements for the ends of two rows.</summary>
    private const int Tails = 32;

    private const int MostGroups = 4;

    public RowLossContext Context;
    public RowLossOperands Operands;
    public RowLossPartial* Partials;

    /// <summary>
    /// Sixteen rows of few classes are one long chain of dependent steps; several such groups, pass by pass, keep the processor
    /// busy. Their tiles share the nearest cache.
    /// </summary>
    private static int GroupsTogether(int classes) => classes <= 16 ? MostGroups : 1;

    /// <summary>Rows in a chunk, a multiple of sixteen: about 64 Ki logits.</summary>
    public static int RowsPerChunk(int classes) => Math.Max(16, (65536 / classes) & ~15);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int chunk)
    {
        int classes = Context.Classes, perChunk = RowsPerChunk(classes);
        int start = chunk * perChunk, end = (int)Math.Min(Operands.Rows, start + (long)perChunk);
        bool narrow = classes <= NarrowClasses;
        int group = narrow ? 16 * GroupsTogether(classes) : Math.Clamp(4096 / classes, 1, 16);
        // A streaming store begins where the gradient's lines do, so the last load of a row may reach fifteen elements further.
        // An odd number of cache lines: rows a power of two apart would fight for the same places of the cache.
        long padded = ((classes + 15L) & ~15L) + (narrow ? 0 : 16);
        if (!narrow) padded |= 16;
        long tile = padded * group;
        int blocks = (group + 15) / 16;
        float* memory = Scratch.Get<float>(ScratchSlot.RowLoss, (blocks * RowStatistics.Length) + Tails + (6 * tile));
        for (int i = 0; i < blocks; i++) new RowStatistics(memory + (i * RowStatistics.Length)).Clear();
        var statistics = new RowStatistics(memory);
        float* tails = memory + (blocks * RowStatistics.Length), tiles = tails + Tails;
        RowPointers at = new()
        {
            Tail = tails,
            ExpNew = tiles,
            ExpOld = tiles + tile,
            ExpNewAtOne = tiles + (2 * tile),
            Centred = tiles + (3 * tile),
            New = tiles + (4 * tile),
            Old = tiles + (5 * tile),
        };
        RowLossSumsInLanes<TLanes, TDoubles> sums = default;
        RowLossPartial counts = default;
        for (int row = start; row < end; row += group)
        {
            int rows = Math.Min(group, end - row);
            if (narrow)
            {
                Narrow(row, rows, at, padded * 16, memory, ref sums, ref counts);
                continue;
            }
            uint valid = Labels(row, rows, statistics);
            Wide(row, rows, valid, at, padded, statistics, ref sums, ref counts);
            RowOutputs.Write(Operands, row, rows, statistics);
        }
        counts.Base = sums.Base;
        counts.Distance = sums.Distance;
        counts.WeightedDistance = sums.WeightedDistance;
        if (Context.Streams) Streaming.Fence();
        Partials[chunk] = counts;
    }

    /// <summary>
    /// Labels into lanes, and which rows count. Class numbers are exact in fp32; an ignore index that is not rounds to a number
    /// that no class has. An ignored row goes along with label 0, which saves branches, and is dropped at the end.
    /// </summary>
    private readonly uint Labels(int row, int rows, RowStatistics statistics)
    {
        int* labels = Operands.Labels.Pointer + row;
        if (rows < 16)
        {
            int* padded = stackalloc int[16];
            for (int r = 0; r < 16; r++) padded[r] = r < rows ? labels[r] : Context.IgnoreIndex;
            labels = padded;
        }
        TLanes label = TLanes.FromInt32(labels), ignore = TLanes.Broadcast(Context.IgnoreIndex);
        TLanes.Store(statistics[RowStatistic.Label], TLanes.WhereEqual(label, ignore, TLanes.Zero, label));
        return ~TLanes.ToBits(TLanes.Equal(label, ignore)) & 0xFFFF;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Narrow(
        int row,
        int rows,
        in RowPointers tiles,
        long tile,
        float* memory,
        ref RowLossSumsInLanes<TLanes, TDoubles> sums,
        ref RowLossPartial counts)
    {
        int groups = (rows + 15) / 16;
        uint* valid = stackalloc uint[MostGroups];
        uint* centred = stackalloc uint[MostGroups];
        bool* finite = stackalloc bool[MostGroups];
        for (int g = 0; g < groups; g++)
        {
            int first = row + (g * 16), count = Math.Min(16, rows - (g * 16));
            RowStatistics statistics = Group(memory, g);
            valid[g] = Labels(first, count, statistics);
            finite[g] = Maxima(first, count, Group(tiles, g, tile), statistics);
        }
        for (int g = 0; g < groups; g++)
        {
            RowPointers at = Group(tiles, g, tile);
            long next = Math.Min((long)row + rows + (g * 16), Operands.Rows - 1);
            at.NextNew = Operands.New.Pointer + (next * Operands.LdNew);
            at.NextOld = Context.HasOld ? Operands.Old.Pointer + (next * Operands.LdOld) : at.NextNew;
            at.Gradient = Context.WantsGradient && !Context.Streams ? Gradient(row + (g * 16)) : at.NextNew;
            if (finite[g]) NarrowRows<TLanes, TDoubles, TLoss>.Accumulate<No>(Context, at, Group(memory, g));
            else NarrowRows<TLanes, TDoubles, TLoss>.Accumulate<Yes>(Context, at, Group(memory, g));
        }
        if (TLoss.TopDifference)
        {
            for (int g = 0; g < groups; g++)
            {
                int first = row + (g * 16), count = Math.Min(16, rows - (g * 16));
                NarrowDifferences<TLanes, TDoubles>.Take(Context, Operands, first, count, Group(tiles, g, tile), Group(memory, g), finite[g]);
            }
        }
        for (int g = 0; g < groups; g++)
        {
            centred[g] = TLoss.Divergence ? RowFinish<TLanes, TDoubles, TLoss>.Plain(Context, Group(memory, g)) & valid[g] : 0;
        }
        for (int g = 0; g < groups; g++)
        {
            RowStatistics statistics = Group(memory, g);
            if (IsCentred(centred[g]))
            {
                RowPointers at = Group(tiles, g, tile);
                if (finite[g]) NarrowRows<TLanes, TDoubles, TLoss>.Centre<No>(Context, at, statistics, centred[g]);
                else NarrowRows<TLanes, TDoubles, TLoss>.Centre<Yes>(Context, at, statistics, centred[g]);
            }
            RowFinish<TLanes, TDoubles, TLoss>.Finish(Context, statistics, valid[g], centred[g], ref sums, ref counts);
        }
        for (int g = 0; g < groups; g++)
        {
            int first = row + (g * 16), count = Math.Min(16, rows - (g * 16));
            RowStatistics statistics = Group(memory, g);
            if (Context.WantsGradient)
            {
                RowPointers at = Group(tiles, g, tile);
                if (finite[g]) Gradient<No>(at, statistics, valid[g], centred[g]);
                else Gradient<Yes>(at, statistics, valid[g], centred[g]);
                float* gradient = Gradient(first);
                if (Context.Streams && count == 16 && Operands.LdGradient == Context.Classes && ((nint)gradient & 63) == 0) Stream(at, gradient);
                else LaneTranspose<TLanes>.Store(at.New, count, Context.Classes, gradient, Operands.LdGradient);
            }
            RowOutputs.Write(Operands, first, count, statistics);
        }
    }

    private readonly float* Gradient(int row) => Operands.Gradient.Pointer + ((long)row * Operands.LdGradient);

    /// <summary>Sixteen rows are whole cache lines: by way of a tile that is no longer needed, they go past the caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Stream(in RowPointers tile, float* gradient)
    {
        int elements = Context.Classes * 16;
        float* rows = tile.ExpNew;
        LaneTranspose<TLanes>.Store(tile.New, 16, Context.Classes, rows, Context.Classes);
        for (int i = 0; i < elements; i += 16) TLanes.StoreStreaming(gradient + i, TLanes.Load(rows + i));
    }

    private static RowStatistics Group(float* memory, int group) => new(memory + (group * RowStatistics.Length));

    private static RowPointers Group(in RowPointers tiles, int group, long tile) => new()
    {
        New = tiles.New + (group * tile),
        Old = tiles.Old + (group * tile),
        ExpNew = tiles.ExpNew + (group * tile),
        ExpOld = tiles.ExpOld + (group * tile),
        ExpNewAtOne = tiles.ExpNewAtOne + (group * tile),
        Centred = tiles.Centred + (group * tile),
    };

    private static bool IsCentred(uint rows) => TLoss.Divergence && (TLoss.Reversed || rows != 0);

    /// <summary>Sixteen rows into their tiles, and their maxima; whether all are finite.</summary>
    private readonly bool Maxima(int row, int rows, in RowPointers tile, RowStatistics statistics)
    {
        int classes = Context.Classes;
        LaneTranspose<TLanes>.Load(Operands.New.Pointer + ((long)row * Operands.LdNew), Operands.LdNew, rows, classes, tile.New);
        RowArgmax<TLanes, TDoubles>.Across(tile.New, classes, out TLanes max, out TLanes index, out bool finite);
        TLanes.Store(statistics[RowStatistic.MaxNew], max);
        TLanes.Store(statistics[RowStatistic.ArgmaxNew], index);
        if (!Context.HasOld) return finite;
        LaneTranspose<TLanes>.Load(Operands.Old.Pointer + ((long)row * Operands.LdOld), Operands.LdOld, rows, classes, tile.Old);
        RowArgmax<TLanes, TDoubles>.Across(tile.Old, classes, out max, out index, out bool finiteOld);
        TLanes.Store(statistics[RowStatistic.MaxOld], max);
        TLanes.Store(statistics[RowStatistic.ArgmaxOld], index);
        return finite & finiteOld;
    }

    private readonly void Gradient<TCareful>(in RowPointers tile, RowStatistics statistics, uint valid, uint centred)
        where TCareful : struct, IFlag
    {
        if (IsCentred(centred)) NarrowRows<TLanes, TDoubles, TLoss>.Gradient<TCareful, Yes>(Context, tile, statistics, valid);
        else NarrowRows<TLanes, TDoubles, TLoss>.Gradient<TCareful, No>(Context, tile, statistics, valid);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Wide(
        int row,
        int rows,
        uint valid,
        in RowPointers scratch,
        long padded,
        RowStatistics statistics,
        ref RowLossSumsInLanes<TLanes, TDoubles> sums,
        ref RowLossPartial counts)
    {
        uint careful = 0;
        for (int r = 0; r < rows; r++)
        {
            RowPointers at = Row(row, r, scratch, padded);
            int argmax = RowArgmax<TLanes, TDoubles>.Along(at.New, Context.Classes, out float max, out bool finite);
            statistics[RowStatistic.MaxNew][r] = max;
            statistics[RowStatistic.ArgmaxNew][r] = argmax;
            if (Context.HasOld)
            {
                argmax = RowArgmax<TLanes, TDoubles>.Along(at.Old, Context.Classes, out max, out bool finiteOld);
                statistics[RowStatistic.MaxOld][r] = max;
                statistics[RowStatistic.ArgmaxOld][r] = argmax;
                finite &= finiteOld;
            }
            if (!finite) careful |= 1u << r;
            if ((valid >> r & 1) == 0) continue;
            if (finite) WideRows<TLanes, TDoubles, TLoss>.Accumulate<No>(Context, at, statistics, r);
            else WideRows<TLanes, TDoubles, TLoss>.Accumulate<Yes>(Context, at, statistics, r);
            if (TLoss.TopDifference) WideDifferences<TLanes, TDoubles>.Take(Context, at, statistics, r);
        }
        uint centred = 0, looks = 0;
        if (TLoss.Divergence)
        {
            centred = RowFinish<TLanes, TDoubles, TLoss>.Plain(Context, statistics) & valid;
            looks = TLoss.Reversed ? valid : centred;
            for (int r = 0; r < rows; r++)
            {
                if ((looks >> r & 1) == 0) continue;
                RowPointers at = Row(row, r, scratch, padded);
                if ((careful >> r & 1) == 0) WideRows<TLanes, TDoubles, TLoss>.Centre<No>(Context, at, statistics, r);
                else WideRows<TLanes, TDoubles, TLoss>.Centre<Yes>(Context, at, statistics, r);
            }
        }
        RowFinish<TLanes, TDoubles, TLoss>.Finish(Context, statistics, valid, centred, ref sums, ref counts);
        if (!Context.WantsGradient) return;
        for (int r = 0; r < rows; r++)
        {
            RowPointers at = Row(row, r, scratch, padded);
            if ((valid >> r & 1) == 0) new Span<float>(at.Gradient, Context.Classes).Clear();
            else if ((looks >> r & 1) != 0) Gradient<Yes>(at, statistics, r, careful);
            else Gradient<No>(at, statistics, r, careful);
        }
    }

    private readonly void Gradient<TCentred>(in RowPointers at, RowStatistics statistics, int r, uint careful)
        where TCentred : struct, IFlag
    {
        if ((careful >> r & 1) == 0) WideGradient<TLanes, TDoubles, TLoss>.Write<No, TCentred>(Context, at, statistics, r);
        else WideGradient<TLanes, TDoubles, TLoss>.Write<Yes, TCentred>(Context, at, statistics, r);
    }

    private readonly RowPointers Row(int row, int r, in RowPointers scratch, long padded)
    {
        long at = row + r, next = Math.Min(at + 1, Operands.Rows - 1);
        float* nextNew = Operands.New.Pointer + (next * Operands.LdNew);
        return new RowPointers
        {
            New = Operands.New.Pointer + (at * Operands.LdNew),
            Old = Context.HasOld ? Operands.Old.Pointer + (at * Operands.LdOld) : null,
            Reference = TLoss.TopDifference ? Operands.Reference.Pointer + (at * Operands.LdReference) : null,
            Gradient = Context.WantsGradient ? Operands.Gradient.Pointer + (at * Operands.LdGradient) : null,
            NextNew = nextNew,
            NextOld = Context.HasOld ? Operands.Old.Pointer + (next * Operands.LdOld) : nextNew,
            Tail = scratch.Tail,
            ExpNew = scratch.ExpNew + (r * padded),
            ExpOld = scratch.ExpOld + (r * padded),
            ExpNewAtOne = scratch.ExpNewAtOne + (r * padded),
            Centred = scratch.Centred + (r * padded),
        };
    }
}
