using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Gives the driver its left operand, tile by tile.</summary>
internal unsafe interface IRowSource
{
    /// <summary>Elements of scratch memory that <see cref="Tile"/> needs.</summary>
    long TileLength { get; }

    /// <summary>
    /// Rows <paramref name="row"/> onward of one block, where they lie or where <see cref="Copy"/> brings them. <paramref name="segments"/> has
    /// room for two.
    /// </summary>
    void Tile(int row, int block, float* scratch, Segment* segments, out RowTile tile);

    /// <summary>Copies the steps from <paramref name="from"/> on, as many as there are or <paramref name="count"/>, of a tile that is not read in place.</summary>
    void Copy(int row, int rows, int block, int from, int count, float* scratch);

    /// <summary>Steps that are copied to all tiles of a block before the next ones.</summary>
    int SlabLength { get; }

    /// <summary>The cache lines of rows <paramref name="row"/> onward of one block, to be asked for early.</summary>
    Lookahead Ahead(int row, int rows, int block);
}

/// <summary>
/// Rows of op(A), or of two matrices of one shape. A row-major A is read where it lies when B is swept whole; otherwise the rows of a tile
/// are copied close together, so that they share no cache set.
/// </summary>
internal readonly unsafe struct MatrixRows<TLanes, TDoubles> : IRowSource
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int CacheSetBytes = 2048;
    private const int TurnedStep = 16;
    private const int TurnedSlab = 16;

    private readonly float* _first;
    private readonly float* _second;
    private readonly nint _ld;
    private readonly bool _turned;
    private readonly bool _inPlace;
    private readonly InnerBlocks _inner;

    public MatrixRows(float* first, float* second, int ld, bool turned, int columns, in InnerBlocks inner)
    {
        _first = first;
        _second = second;
        _ld = ld;
        _turned = turned;
        _inner = inner;
        bool once = columns <= TileCpu<TLanes, TDoubles>.Group;
        // Rows a multiple of 2 KB apart fall into two cache sets: sixteen steps of k would reload every line sixteen times.
        _inPlace = turned ? once : inner.IsSwept && ld * sizeof(float) % CacheSetBytes != 0;
    }

    public long TileLength => _inPlace ? 0 : _turned ? (long)Stride * TurnedStep : TileCpu<TLanes, TDoubles>.TallRowLimit * Stride;

    /// <summary>A turned operand passes through memory in the order in which it lies; of a row-major one, a tile's rows are copied whole.</summary>
    public int SlabLength => _turned ? TurnedSlab : Math.Max(_inner.MaxLength, 1);

    /// <summary>Steps rounded up to an odd number of cache lines: the rows of a tile, and the tiles of a turned operand, spread over all sets.</summary>
    private nint Stride => (((_inner.MaxLength + 15) / 16) | 1) * 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Tile(int row, int block, float* scratch, Segment* segments, out RowTile tile)
    {
        _inner.Get(block, out int product, out int products, out int start, out int length);
        tile.Segments = segments;
        tile.Ahead = default;
        if (_inPlace)
        {
            tile.Start = (product == 0 ? _first : _second) + (_turned ? ((nint)start * _ld) + row : (row * _ld) + start);
            tile.RowStride = (_turned ? 1 : _ld) * sizeof(float);
            tile.Step = (_turned ? _ld : 1) * sizeof(float);
            tile.SegmentCount = products;
            nint toSecond = products > 1 ? (nint)((byte*)_second - (byte*)_first) : 0;
            for (int p = 0; p < products; p++) segments[p] = new Segment { Offset = p * toSecond, Length = length };
            return;
        }
        tile.Start = scratch;
        tile.RowStride = (_turned ? 1 : Stride) * sizeof(float);
        tile.Step = (_turned ? TurnedStep : 1) * sizeof(float);
        tile.SegmentCount = 1;
        segments[0] = new Segment { Offset = 0, Length = (nint)products * length };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Copy(int row, int rows, int block, int from, int count, float* scratch)
    {
        if (_inPlace) return;
        _inner.Get(block, out int product, out int products, out int start, out int length);
        count = Math.Min(count, length - from);
        if (count <= 0) return;
        for (int p = 0; p < products; p++)
        {
            float* source = product + p == 0 ? _first : _second;
            nint k = start + from, to = ((nint)p * length) + from;
            if (_turned) CopyTurned(source + (k * _ld) + row, rows, count, scratch + (to * TurnedStep));
            else CopyRows(source + (row * _ld) + k, rows, count, scratch + to);
        }
    }

    public Lookahead Ahead(int row, int rows, int block)
    {
        _inner.Get(block, out int product, out _, out int start, out _);
        float* source = product == 0 ? _first : _second;
        nint ld = _ld * sizeof(float);
        return _turned
            ? new Lookahead { Start = (byte*)(source + ((nint)start * _ld) + row), Stride = ld, Lines = Lookahead.Steps, Advance = Lookahead.Steps * ld }
            : new Lookahead { Start = (byte*)(source + (row * _ld) + start), Stride = ld, Lines = rows, Advance = Lookahead.Steps * sizeof(float) };
    }

    private void CopyRows(float* source, int rows, int length, float* destination)
    {
        nint stride = Stride;
        for (int r = 0; r < rows; r++, source += _ld, destination += stride)
        {
            new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyTurned(float* source, int rows, int length, float* destination)
    {
        for (int k = 0; k < length; k++, source += _ld, destination += TurnedStep)
        {
            Prefetch.Near(source + (PackedColumns<TLanes, TDoubles>.RowsAhead * _ld));
            TLanes.Store(destination, TLanes.LoadPartial(source, rows));
        }
    }
}
