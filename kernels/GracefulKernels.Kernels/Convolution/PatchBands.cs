using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Cuts the positions of a convolution into bands: runs of rows of one image, or whole small images. A product over positions is one chain
/// of fused multiply-adds inside a band, and bands are added in order, so the cut follows from the shape alone.
/// </summary>
internal readonly unsafe struct PatchBands
{
    /// <summary>Positions of a band, where one row has no more: a chain short enough to lose little, a panel of B that stays in the first-level cache.</summary>
    public const int MaxPositions = 512;

    private const long BandElements = 170_000;

    private readonly int _batch;
    private readonly int _channels;
    private readonly int _imagesPerBand;
    private readonly int _rowsPerBand;
    private readonly int _bandsPerImage;

    public PatchBands(in ConvolutionShape s)
    {
        Y = new TapAxis(s.Height, s.OutHeight, s.StrideY, -s.PadTop, s.DilationY, s.KernelHeight);
        X = new TapAxis(s.Width, s.OutWidth, s.StrideX, -s.PadLeft, s.DilationX, s.KernelWidth);
        _batch = s.Batch;
        _channels = s.InChannels;
        if (s.Batch == 0 || s.Positions <= 0) return;
        long rowElements = Math.Max(1, (long)X.Extent(X.Grid) * s.InChannels);
        long images = Math.Min(MaxPositions / s.Positions, BandElements / (rowElements * Y.Extent(Y.Grid)));
        _imagesPerBand = (int)Math.Clamp(images, 1, s.Batch);
        long byCache = ((BandElements / rowElements) - ((s.KernelHeight - 1) * s.DilationY)) / s.StrideY;
        int rows = (int)Math.Clamp(Math.Min(byCache, MaxPositions / X.Grid), 1, Y.Grid);
        _bandsPerImage = (Y.Grid + rows - 1) / rows;
        _rowsPerBand = (Y.Grid + _bandsPerImage - 1) / _bandsPerImage;
        _bandsPerImage = (Y.Grid + _rowsPerBand - 1) / _rowsPerBand;
        if (_bandsPerImage > 1) _imagesPerBand = 1;
        Count = _bandsPerImage > 1 ? s.Batch * _bandsPerImage : (s.Batch + _imagesPerBand - 1) / _imagesPerBand;
    }

    public TapAxis Y { get; }

    public TapAxis X { get; }

    public int Count { get; }

    /// <summary>Most segments that <see cref="Read"/> makes.</summary>
    public int MaxSegments => _imagesPerBand * _rowsPerBand;

    /// <summary>Most positions of a band.</summary>
    public int MaxBandPositions => MaxSegments * X.Grid;

    /// <summary>Elements of scratch memory that <see cref="Read"/> needs.</summary>
    public long ScratchLength => _imagesPerBand * ImageBand.ScratchLength(Y, X, _channels, _rowsPerBand);

    /// <summary>First position of a band, counted over the batch.</summary>
    public long Position(int band)
        => _bandsPerImage > 1
            ? ((long)(band / _bandsPerImage) * Y.Grid + ((long)(band % _bandsPerImage) * _rowsPerBand)) * X.Grid
            : (long)band * _imagesPerBand * Y.Grid * X.Grid;

    /// <summary>The elements of the images that a band reads.</summary>
    public ReadAhead Source(int band, float* source)
    {
        if (band >= Count) return default;
        nint pitch = (nint)X.Source * _channels;
        if (_bandsPerImage == 1)
        {
            nint image = (nint)band * _imagesPerBand;
            return new ReadAhead(source + (image * Y.Source * pitch), Math.Min(_imagesPerBand, _batch - image) * Y.Source * pitch);
        }
        int row = band % _bandsPerImage * _rowsPerBand, first = Math.Max(Y.First(row), 0);
        int end = Math.Min(Y.First(row) + Y.Extent(Math.Min(_rowsPerBand, Y.Grid - row)), Y.Source);
        return new ReadAhead(source + ((((nint)(band / _bandsPerImage) * Y.Source) + first) * pitch), Math.Max(end - first, 0) * pitch);
    }

    /// <summary>
    /// Brings a band's rows together. The tile's segments are runs of positions, its start the first channel of the first tap, its rows
    /// neighbouring elements of a patch.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Read(int band, float* source, float* scratch, Segment* segments, out RowTile tile, out nint pitch)
    {
        int image = _bandsPerImage > 1 ? band / _bandsPerImage : band * _imagesPerBand;
        int images = _bandsPerImage > 1 ? 1 : Math.Min(_imagesPerBand, _batch - image);
        int row = _bandsPerImage > 1 ? band % _bandsPerImage * _rowsPerBand : 0, rows = Math.Min(_rowsPerBand, Y.Grid - row);
        long imageLength = (long)Y.Source * X.Source * _channels, copyLength = ImageBand.ScratchLength(Y, X, _channels, rows);
        tile = new RowTile { RowStride = sizeof(float), Step = (nint)X.Stride * _channels * sizeof(float), Segments = segments };
        pitch = 0;
        for (int i = 0; i < images; i++)
        {
            ImageBand part = ImageBand.Get(Y, X, _channels, source + ((image + i) * imageLength), row, rows, scratch + (i * copyLength));
            if (i == 0) tile.Start = part.Start;
            pitch = part.Pitch;
            for (int y = 0; y < rows; y++)
            {
                nint offset = (nint)((byte*)part.Start - (byte*)tile.Start) + (y * Y.Stride * part.Pitch * sizeof(float));
                Segment* last = segments + tile.SegmentCount - 1;
                if (tile.SegmentCount > 0 && last->Offset + (last->Length * tile.Step) == offset) last->Length += X.Grid;
                else segments[tile.SegmentCount++] = new Segment { Offset = offset, Length = X.Grid };
            }
        }
        return images * rows * X.Grid;
    }
}
