namespace GracefulKernels.Kernels;

/// <summary>
/// Packs the right operand once for all threads: a range of columns over some blocks of the inner dimension, a few groups of columns of one
/// block a chunk.
/// </summary>
internal unsafe struct PackedBlocks<TLanes, TDoubles, TRows, TColumns> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TRows : struct, IRowSource
    where TColumns : struct, IColumnSource
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    /// <summary>1 KB of a row-major operand at a time.</summary>
    private const int ChunkColumns = 8 * Group;

    public ProductTask<TLanes, TDoubles, TRows, TColumns> Task;
    public float* Destination;
    public int FirstBlock, Blocks;
    public int Column, ColumnEnd;

    public readonly int Chunks => Blocks * ChunksPerBlock;

    private readonly int ChunksPerBlock => (ColumnEnd - Column + ChunkColumns - 1) / ChunkColumns;

    /// <summary>Elements that one block takes.</summary>
    public readonly long BlockLength => TileCpu<TLanes, TDoubles>.PackedLength(ColumnEnd - Column, Task.Inner.MaxLength);

    public readonly void Execute(int chunk)
    {
        int perBlock = ChunksPerBlock, block = chunk / perBlock, column = Column + ((chunk - (block * perBlock)) * ChunkColumns);
        block += FirstBlock;
        Task.Columns.Pack(block, column, Math.Min(ChunkColumns, ColumnEnd - column), Get(block, column, Task.LengthOf(block)).Start);
    }

    /// <summary>The panel of the group at <paramref name="column"/> of a block of <paramref name="length"/> elements.</summary>
    public readonly Panel Get(int block, int column, int length) => new()
    {
        Start = Destination + ((block - FirstBlock) * BlockLength) + ((nint)(column - Column) * length),
        ColumnStride = length,
        Step = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(Math.Min(Group, ColumnEnd - column))),
    };

    /// <summary>Columns from <paramref name="column"/> on that lie side by side.</summary>
    public readonly int RowsInPanel(int column)
    {
        int sub = SubPanel(column);
        return Math.Min(sub - ((column - Column) % Group % sub), ColumnEnd - column);
    }

    /// <summary>Columns from <paramref name="column"/> on as the rows of a left operand: at most <see cref="RowsInPanel"/> of them.</summary>
    public readonly void GetRows(int block, int column, Segment* segments, out RowTile tile)
    {
        int length = Task.LengthOf(block), offset = (column - Column) % Group, sub = SubPanel(column);
        segments[0] = new Segment { Offset = 0, Length = length };
        tile.Start = Get(block, column - offset, length).Start + ((nint)(offset / sub * sub) * length) + (offset % sub);
        tile.RowStride = sizeof(float);
        tile.Step = sub * sizeof(float);
        tile.Segments = segments;
        tile.SegmentCount = 1;
        tile.Ahead = default;
    }

    private readonly int SubPanel(int column)
    {
        int group = column - ((column - Column) % Group);
        return TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(Math.Min(Group, ColumnEnd - group)));
    }
}
