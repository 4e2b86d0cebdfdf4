namespace GracefulKernels.Kernels;

/// <summary>Gives the driver its right operand, group by group of columns.</summary>
internal unsafe interface IColumnSource
{
    /// <summary>Packs columns of one block as the sub-panels of <see cref="Panel"/>, padded with zeros to whole sub-panels.</summary>
    void Pack(int block, int column, int columns, float* destination);

    /// <summary>A group of whole registers where it lies, for work that reads it once. False where only a packed copy will do.</summary>
    bool TryInPlace(int block, int column, int columns, out Panel panel);
}

/// <summary>Columns of op(B), or of two matrices of one shape.</summary>
internal readonly unsafe struct MatrixColumns<TLanes, TDoubles> : IColumnSource
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private readonly float* _first;
    private readonly float* _second;
    private readonly nint _ld;
    private readonly bool _turned;
    private readonly InnerBlocks _inner;

    public MatrixColumns(float* first, float* second, int ld, bool turned, in InnerBlocks inner)
    {
        _first = first;
        _second = second;
        _ld = ld;
        _turned = turned;
        _inner = inner;
    }

    public bool TryInPlace(int block, int column, int columns, out Panel panel)
    {
        _inner.Get(block, out int product, out int products, out int start, out _);
        panel = new Panel { Start = (product == 0 ? _first : _second) + (start * _ld) + column, Step = _ld, ColumnStride = 1 };
        return !_turned && products == 1 && (columns & 15) == 0;
    }

    public void Pack(int block, int column, int columns, float* destination)
    {
        _inner.Get(block, out int product, out int products, out int start, out int length);
        int width = TileCpu<TLanes, TDoubles>.Width(columns), sub = TileCpu<TLanes, TDoubles>.SubPanel(width);
        for (int j = 0; j < columns; j += sub)
        {
            for (int p = product; p < product + products; p++, destination += (nint)length * sub)
            {
                float* source = p == 0 ? _first : _second;
                if (_turned) PackedColumns<TLanes, TDoubles>.Turned(source + ((column + j) * _ld) + start, _ld, length, Math.Min(sub, columns - j), sub, destination);
                else PackedColumns<TLanes, TDoubles>.Straight(source + (start * _ld) + column + j, _ld, length, Math.Min(sub, columns - j), sub, destination);
            }
        }
    }
}
