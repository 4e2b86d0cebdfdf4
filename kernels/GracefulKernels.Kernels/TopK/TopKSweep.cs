using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// A group of queries, packed once into the second-level cache, against a stretch of the gallery: a few gallery rows at a time, read where they lie, by
/// every panel of queries. A register tile of scores goes to a buffer in the first-level cache and through the filter at once.
/// </summary>
/// <remarks>
/// Queries are the columns, so that a register holds one gallery row's scores with sixteen queries and is compared with their sixteen limits.
/// </remarks>
internal unsafe struct TopKSweep<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    /// <summary>Rows a multiple of this apart fall into two sets of a cache and are copied.</summary>
    private const int CacheSetBytes = 2048;

    public TopKShape Shape;
    public TopKCut Cut;
    public float* Queries;
    public float* Gallery;
    public float* Offsets;
    public int* Excluded;
    public int* Indices;
    public float* Scores;

    /// <summary>[queries × stretches × k] keys, where there are several stretches.</summary>
    public ulong* Lists;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Execute(int chunk)
    {
        int group = chunk / Cut.Stretches, stretch = chunk - (group * Cut.Stretches);
        int query = group * Cut.QueriesPerGroup, count = Math.Min(Cut.QueriesPerGroup, Shape.Queries - query);
        int row = (int)((long)Shape.Gallery * stretch / Cut.Stretches), end = (int)((long)Shape.Gallery * (stretch + 1) / Cut.Stretches);
        var filter = new TopKFilter<TLanes, TDoubles>(Shape.K, query, count, Offsets, Excluded);
        float* packed = Pack(query, count);

        int width = Shape.Width, panels = (count + Group - 1) / Group;
        nint ld = Shape.LdGallery;
        bool copies = ld * sizeof(float) % CacheSetBytes == 0;
        nint stride = copies ? (((width + 15) / 16) | 1) * 16 : ld;
        float* copy = copies ? Scratch.Get<float>(ScratchSlot.PackedA, TileCpu<TLanes, TDoubles>.TallRowLimit * stride) : null;
        float* buffer = stackalloc float[(TileCpu<TLanes, TDoubles>.RowLimit * Group) + 16];
        buffer = (float*)(((nint)buffer + 63) & ~63);
        var segment = new Segment { Offset = 0, Length = width };
        for (int rows; row < end; row += rows)
        {
            rows = TileCpu<TLanes, TDoubles>.NextRows(end - row, count);
            float* source = Gallery + (row * ld);
            for (int r = 0; copies && r < rows; r++)
            {
                new ReadOnlySpan<float>(source + (r * ld), width).CopyTo(new Span<float>(copy + (r * stride), width));
            }
            var tile = new RowTile
            {
                Start = copies ? copy : source,
                RowStride = stride * sizeof(float),
                Step = sizeof(float),
                Segments = &segment,
                SegmentCount = 1,
            };
            Lookahead ahead = row + rows < end
                ? new Lookahead { Start = (byte*)(source + (rows * ld)), Stride = ld * sizeof(float), Lines = Math.Min(rows, end - row - rows), Advance = Lookahead.Steps * sizeof(float) }
                : default;
            for (int p = 0; p < panels; p++)
            {
                int columns = TileCpu<TLanes, TDoubles>.Width(count - (p * Group));
                tile.Ahead = ahead.Part(p, panels);
                var panel = new Panel { Start = packed + ((nint)p * Group * width), Step = TileCpu<TLanes, TDoubles>.SubPanel(columns), ColumnStride = width };
                var output = new OutputTile { C = buffer, Ld = columns, Rows = rows, Columns = columns, Limit = OutputTile.NoLimit, First = true, Last = true };
                TileCpu<TLanes, TDoubles>.Emit(tile, panel, new Output(1f, 0f, columns, default), output);
                filter.Pass(buffer, columns, rows, row, p * Group);
            }
        }
        Finish(ref filter, query, count, stretch);
    }

    /// <summary>The queries as panels: column by column, zeros behind the last.</summary>
    private readonly float* Pack(int query, int count)
    {
        int width = Shape.Width;
        float* packed = Scratch.Get<float>(ScratchSlot.PackedB, TileCpu<TLanes, TDoubles>.PackedLength(count, width));
        for (int j = 0, sub; j < (count + 15) / 16 * 16; j += sub)
        {
            sub = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(count - (j / Group * Group)));
            float* to = packed + ((nint)j * width);
            if (j < count) PackedColumns<TLanes, TDoubles>.Turned(Queries + ((nint)(query + j) * Shape.LdQueries), Shape.LdQueries, width, Math.Min(sub, count - j), sub, to);
            else new Span<float>(to, sub * width).Clear();
        }
        return packed;
    }

    private readonly void Finish(ref TopKFilter<TLanes, TDoubles> filter, int query, int count, int stretch)
    {
        int k = Shape.K;
        for (int q = 0; q < count; q++)
        {
            ulong* keys = filter.Finish(q, out int found);
            nint row = query + q;
            if (Lists == null)
            {
                TopKList.Store(keys, found, k, Indices + (row * k), Scores + (row * k));
                continue;
            }
            Span<ulong> list = new(Lists + (((row * Cut.Stretches) + stretch) * k), k);
            new ReadOnlySpan<ulong>(keys, found).CopyTo(list);
            list[found..].Clear();
        }
    }
}
