using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// A product whose B fits the second-level cache: row tile by row tile over all of B, the rows of A read where they lie. Such products are as
/// much a stream as they are arithmetic (A and C pass once), so the next tile's rows are asked for while one is multiplied.
/// </summary>
internal unsafe struct SweptProduct<TLanes, TDoubles, TRows, TColumns> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TRows : struct, IRowSource
    where TColumns : struct, IColumnSource
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    /// <summary>Memory needs a while: short rows are asked for several tiles before their turn.</summary>
    private const int BytesAhead = 6 << 10;

    public PackedBlocks<TLanes, TDoubles, TRows, TColumns> B;
    public int RowsPerChunk;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Execute(int chunk)
    {
        ref readonly ProductTask<TLanes, TDoubles, TRows, TColumns> task = ref B.Task;
        int row = chunk * RowsPerChunk, end = Math.Min(row + RowsPerChunk, task.M), length = task.LengthOf(0);
        float* scratch = Scratch.Get<float>(ScratchSlot.PackedA, task.Rows.TileLength);
        Segment* segments = stackalloc Segment[2];
        int tilesAhead = 1 + (BytesAhead / (TileCpu<TLanes, TDoubles>.MaxRows * Math.Max(length, 1) * sizeof(float)));
        for (int rows, next; row < end; row = next)
        {
            rows = TileCpu<TLanes, TDoubles>.NextRows(end - row, task.N);
            next = row + rows;
            task.Rows.Tile(row, 0, scratch, segments, out RowTile a);
            task.Rows.Copy(row, rows, 0, 0, length, scratch);
            int panels = (task.ReachOf(next) + Group - 1) / Group;
            int later = row + (tilesAhead * rows);
            Lookahead ahead = later < end ? task.Rows.Ahead(later, Math.Min(rows, end - later), 0) : default;
            for (int panel = 0; panel < panels; panel++)
            {
                a.Ahead = ahead.Part(panel, panels);
                task.Emit(a, B.Get(0, panel * Group, length), 0, row, rows, panel * Group);
            }
        }
        if (task.Output.Streams) Streaming.Fence();
    }
}
