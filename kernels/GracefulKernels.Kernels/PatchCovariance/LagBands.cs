using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Cuts the source positions of a batch into bands, runs of rows of one image or whole small images, that stay in a second-level cache while
/// all lags read them. A piece is one chain of fused multiply-adds inside a band, so the cut follows from the shape alone.
/// </summary>
internal readonly unsafe struct LagBands
{
    /// <summary>Positions of a band, where one row has no more.</summary>
    private const int MaxPositions = 512;

    private const long BandElements = 128_000;

    private readonly int _batch;
    private readonly int _height;
    private readonly int _width;
    private readonly int _channels;
    private readonly int _imagesPerBand;
    private readonly int _rowsPerBand;
    private readonly int _bandsPerImage;

    public LagBands(in ConvolutionShape s)
    {
        _batch = s.Batch;
        _height = s.Height;
        _width = s.Width;
        _channels = s.InChannels;
        long row = Math.Max(1, Math.Min(MaxPositions / s.Width, BandElements / ((long)s.Width * s.InChannels)));
        _imagesPerBand = (int)Math.Clamp(row / s.Height, 1, s.Batch);
        _bandsPerImage = (int)((s.Height + row - 1) / row);
        _rowsPerBand = (s.Height + _bandsPerImage - 1) / _bandsPerImage;
        _bandsPerImage = (s.Height + _rowsPerBand - 1) / _rowsPerBand;
        Count = _bandsPerImage > 1 ? s.Batch * _bandsPerImage : (s.Batch + _imagesPerBand - 1) / _imagesPerBand;
    }

    public int Count { get; }

    /// <summary>Most segments that <see cref="Read"/> makes.</summary>
    public int MaxSegments => _imagesPerBand * _rowsPerBand;

    /// <summary>Most positions of a band.</summary>
    public int MaxBandPositions => MaxSegments * _width;

    /// <summary>
    /// The positions of a piece that lie in a band, where the image lies: segments are runs along the first axis that has more than one
    /// position. Returns how many positions there are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Read(int band, in LagPiece piece, float* x, Segment* segments, out RowTile tile)
    {
        int image = _bandsPerImage > 1 ? band / _bandsPerImage : band * _imagesPerBand;
        int images = Math.Min(_imagesPerBand, _batch - image);
        int row = _bandsPerImage > 1 ? band % _bandsPerImage * _rowsPerBand : 0;
        int top = Math.Max(row, piece.Top), rows = Math.Min(row + _rowsPerBand, piece.Bottom) - top, columns = piece.Right - piece.Left;
        tile = default;
        if (rows <= 0) return 0;
        nint position = (nint)_channels * sizeof(float), pitch = position * _width, imageLength = pitch * _height;
        tile = new RowTile { Start = x + ((((((nint)image * _height) + top) * _width) + piece.Left) * _channels), RowStride = sizeof(float), Segments = segments };
        bool tall = columns == 1, deep = tall && rows == 1;
        int run = deep ? images : tall ? rows : columns, across = tall ? 1 : rows;
        tile.Step = deep ? imageLength : tall ? pitch : position;
        for (int i = 0; i < (deep ? 1 : images); i++)
        {
            for (int y = 0; y < across; y++)
            {
                nint offset = (i * imageLength) + (y * pitch);
                Segment* last = segments + tile.SegmentCount - 1;
                if (tile.SegmentCount > 0 && last->Offset + (last->Length * tile.Step) == offset) last->Length += run;
                else segments[tile.SegmentCount++] = new Segment { Offset = offset, Length = run };
            }
        }
        return images * rows * columns;
    }
}
