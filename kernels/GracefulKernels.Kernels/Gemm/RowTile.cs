namespace GracefulKernels.Kernels;

/// <summary>A run of the inner dimension: where the first element of row 0 lies, in bytes from the tile's start, and how many elements follow.</summary>
internal struct Segment
{
    public nint Offset;
    public nint Length;
}

/// <summary>
/// The left operand of a register tile, read in place: element (r, k) of segment s lies <c>Offset + r·RowStride + k·Step</c> bytes from
/// <see cref="Start"/>. A plain matrix has one segment, two products added have two, a convolution one for each run of taps.
/// </summary>
internal unsafe struct RowTile
{
    public float* Start;
    public nint RowStride;
    public nint Step;
    public Segment* Segments;
    public int SegmentCount;

    /// <summary>What comes after it.</summary>
    public Lookahead Ahead;
}
