using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// A product in blocks of the inner dimension: a block of A's rows is packed into the second-level cache, every panel of B, packed before and
/// shared by the threads, passes through the first against it. While one panel is multiplied, the next is asked for.
/// </summary>
internal unsafe struct BlockedProduct<TLanes, TDoubles, TRows, TColumns> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TRows : struct, IRowSource
    where TColumns : struct, IColumnSource
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    public PackedBlocks<TLanes, TDoubles, TRows, TColumns> B;
    public int RowChunks, ColumnChunks;
    public int GroupsPerChunk;

    /// <summary>Whether the rows are those of the packed B: a matrix times itself is packed once.</summary>
    public bool RowsAreColumns;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Execute(int chunk)
    {
        int rowChunk = chunk / ColumnChunks, columnChunk = chunk - (rowChunk * ColumnChunks);
        // The long rows of a lower triangle first, so that threads end together.
        if (B.Task.Lower) rowChunk = RowChunks - 1 - rowChunk;
        int row = Cut(rowChunk), rowEnd = Cut(rowChunk + 1);
        int column = B.Column + (columnChunk * GroupsPerChunk * Group);
        int columnEnd = Math.Min(Math.Min(column + (GroupsPerChunk * Group), B.ColumnEnd), B.Task.ReachOf(rowEnd));
        if (B.Task.Lower) row = Math.Max(row, column);
        if (row >= rowEnd || column >= columnEnd) return;
        int count = 0;
        for (int at = row; at < rowEnd; at += NextRows(at, rowEnd)) count++;
        nint tileLength = RowsAreColumns ? 0 : (nint)B.Task.Rows.TileLength;
        float* scratch = Scratch.Get<float>(ScratchSlot.PackedA, count * tileLength);
        RowTile* tiles = stackalloc RowTile[count];
        Segment* segments = stackalloc Segment[2 * count];
        for (int block = B.FirstBlock; block < B.FirstBlock + B.Blocks; block++)
        {
            for (int i = 0, at = row, rows; i < count; i++, at += rows)
            {
                rows = NextRows(at, rowEnd);
                if (RowsAreColumns) B.GetRows(block, at, segments + (2 * i), out tiles[i]);
                else B.Task.Rows.Tile(at, block, scratch + (i * tileLength), segments + (2 * i), out tiles[i]);
            }
            if (!RowsAreColumns) Copy(block, row, rowEnd, scratch);
            Multiply(block, tiles, count, row, rowEnd, column, columnEnd);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Copy(int block, int row, int rowEnd, float* scratch)
    {
        nint tileLength = (nint)B.Task.Rows.TileLength;
        int slab = B.Task.Rows.SlabLength;
        for (int from = 0; from < B.Task.Inner.MaxLength; from += slab)
        {
            float* to = scratch;
            for (int at = row, rows; at < rowEnd; at += rows, to += tileLength)
            {
                rows = NextRows(at, rowEnd);
                B.Task.Rows.Copy(at, rows, block, from, slab, to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Multiply(int block, RowTile* tiles, int count, int row, int rowEnd, int column, int columnEnd)
    {
        int length = B.Task.LengthOf(block), rounds = (length + Lookahead.Steps - 1) / Lookahead.Steps;
        for (; column < columnEnd; column += Group)
        {
            Panel panel = B.Get(block, column, length);
            var ahead = new Lookahead { Stride = Lookahead.LineBytes };
            if (column + Group < columnEnd)
            {
                ahead.Start = (byte*)B.Get(block, column + Group, length).Start;
                // A step of B is as many bytes as there are columns in a group; its lines are shared out among the tiles.
                ahead.Lines = ((Group * sizeof(float) * Lookahead.Steps / Lookahead.LineBytes) + count - 1) / count;
                ahead.Advance = ahead.Lines * ahead.Stride;
            }
            for (int i = 0, at = row, rows; i < count; i++, at += rows, ahead.Start += rounds * ahead.Advance)
            {
                rows = NextRows(at, rowEnd);
                if (B.Task.Lower && at + rows <= column) continue;
                tiles[i].Ahead = ahead;
                B.Task.Emit(tiles[i], panel, block, at, rows, column);
            }
        }
    }

    /// <summary>First row of a chunk; whole groups where rows are taken from B, so that no tile lies in two of its panels.</summary>
    private readonly int Cut(int chunk)
    {
        long m = B.Task.M;
        return RowsAreColumns ? (int)Math.Min((m + Group - 1) / Group * chunk / RowChunks * Group, m) : (int)(m * chunk / RowChunks);
    }

    private readonly int NextRows(int row, int end)
        => TileCpu<TLanes, TDoubles>.NextRows(RowsAreColumns ? Math.Min(end - row, B.RowsInPanel(row)) : end - row);
}
