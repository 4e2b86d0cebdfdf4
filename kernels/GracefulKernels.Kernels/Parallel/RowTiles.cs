namespace GracefulKernels.Kernels;

/// <summary>
/// Cuts [rows × columns] into chunks of about <see cref="Chunks.Elements"/>: several whole rows where rows are short, stretches of one row
/// (multiples of sixteen columns, so that no mask word is shared) where they are long.
/// </summary>
internal readonly struct RowTiles
{
    private readonly long _rows;
    private readonly long _columns;
    private readonly long _rowsPerTile;
    private readonly long _stretches;

    public RowTiles(long rows, long columns)
    {
        _rows = rows;
        _columns = columns;
        _stretches = Math.Max(1, Chunks.Count(columns));
        _rowsPerTile = Chunks.Rows(columns);
        Count = columns == 0 ? 0 : checked((int)(Chunks.Count(rows, _rowsPerTile) * _stretches));
    }

    public int Count { get; }

    /// <summary>Rows and columns of tile number <paramref name="tile"/>, ends excluded.</summary>
    public void Bounds(int tile, out long row, out long rowEnd, out long column, out long columnEnd)
    {
        (long down, long along) = Math.DivRem(tile, _stretches);
        row = down * _rowsPerTile;
        rowEnd = Math.Min(row + _rowsPerTile, _rows);
        column = along * Chunks.Elements;
        columnEnd = Math.Min(column + Chunks.Elements, _columns);
    }
}
