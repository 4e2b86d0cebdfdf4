using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Gives the driver its right operand, group by group of columns.</summary>
internal unsafe interface IColumnSource
{
    /// <summary>Packs columns of one block, group behind group, as the sub-panels of <see cref="Panel"/>, padded with zeros to whole sub-panels.</summary>
    void Pack(int block, int column, int columns, float* destination);

    /// <summary>A group of whole registers where it lies, for work that reads it once. False where only a packed copy will do.</summary>
    bool TryInPlace(int block, int column, int columns, out Panel panel);
}

/// <summary>Columns of op(B), or of two matrices of one shape.</summary>
internal readonly unsafe struct MatrixColumns<TLanes, TDoubles> : IColumnSource
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Rows of a row-major operand that are copied to all panels before the next ones: they pass through memory in the order in which they lie.</summary>
    private const int SlabRows = 16;

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(int block, int column, int columns, float* destination)
    {
        _inner.Get(block, out int product, out int products, out int start, out int length);
        nint total = (nint)products * length;
        int slab = _turned ? length : SlabRows;
        for (int p = 0; p < products; p++)
        {
            float* source = product + p == 0 ? _first : _second;
            for (int from = 0; from < length; from += slab)
            {
                int rows = Math.Min(slab, length - from);
                for (int j = 0, sub; j < columns; j += sub)
                {
                    int left = columns - j, width = TileCpu<TLanes, TDoubles>.Width(Math.Min(left, TileCpu<TLanes, TDoubles>.Group));
                    sub = TileCpu<TLanes, TDoubles>.SubPanel(width);
                    float* to = destination + (j * total) + ((((nint)p * length) + from) * sub);
                    if (_turned) PackedColumns<TLanes, TDoubles>.Turned(source + ((column + j) * _ld) + start, _ld, rows, Math.Min(sub, left), sub, to);
                    else PackedColumns<TLanes, TDoubles>.Straight(source + ((start + from) * _ld) + column + j, _ld, rows, Math.Min(sub, left), sub, to);
                }
            }
        }
    }
}
