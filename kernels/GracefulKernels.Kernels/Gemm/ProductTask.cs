namespace GracefulKernels.Kernels;

/// <summary>A product of the GEMM family as its drivers see it: where the operands come from, how the inner dimension is cut, where the output goes.</summary>
internal unsafe struct ProductTask<TLanes, TDoubles, TRows, TColumns>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TRows : struct, IRowSource
    where TColumns : struct, IColumnSource
{
    public const int Group = TileCpu<TLanes, TDoubles>.Group;

    public TRows Rows;
    public TColumns Columns;
    public InnerBlocks Inner;
    public Output Output;
    public float* C;
    public nint Ldc;
    public int M, N;

    /// <summary>Whether only the lower triangle, with the diagonal, is wanted.</summary>
    public bool Lower;

    /// <summary>Elements of the inner dimension in a block, of both products.</summary>
    public readonly int LengthOf(int block)
    {
        Inner.Get(block, out _, out int products, out _, out int length);
        return products * length;
    }

    /// <summary>End of the columns that rows before <paramref name="rowEnd"/> reach, in whole groups.</summary>
    public readonly int ReachOf(int rowEnd) => Lower ? Math.Min(N, (rowEnd + Group - 1) / Group * Group) : N;

    /// <summary>Multiplies a tile by the panel of the group at <paramref name="column"/> and stores it.</summary>
    public readonly void Emit(in RowTile a, in Panel panel, int block, int row, int rows, int column)
    {
        OutputTile tile;
        tile.C = C + (row * Ldc) + column;
        tile.Ld = Ldc;
        tile.Row = row;
        tile.Column = column;
        tile.Rows = rows;
        tile.Columns = Math.Min(Group, N - column);
        tile.Limit = OutputTile.NoLimit;
        if (Lower)
        {
            tile.Limit = row - column + 1;
            // Right of the diagonal's tile nothing is wanted: half a panel where that is enough.
            if (tile.Limit + rows - 1 <= 16) tile.Columns = Math.Min(tile.Columns, 16);
        }
        tile.First = block == 0;
        tile.Last = block == Inner.Count - 1;
        TileCpu<TLanes, TDoubles>.Emit(a, panel, Output, tile);
    }
}
