namespace GracefulKernels.Kernels;

/// <summary>
/// The right operand of a group of 16 or 32 columns, as sub-panels as wide as the register tile: element (k, j) of sub-panel p lies at
/// <c>Start[p·SubPanelStride + k·Step + j]</c>.
/// </summary>
internal unsafe struct Panel
{
    public float* Start;

    /// <summary>From k to k + 1, in elements.</summary>
    public nint Step;

    /// <summary>From one element of the column offset to the next, in elements: the length of the inner dimension where sub-panels are packed one behind the other, 1 where B lies in place.</summary>
    public nint ColumnStride;
}
