namespace GracefulKernels.Kernels;

/// <summary>Windows over NHWC images [batch, height, width, channels]. Padding is outside every maximum.</summary>
/// <param name="CountPadding">Mean pooling divides by kh·kw (true) or by the elements that lie inside the image (false).</param>
internal readonly record struct PoolShape(
    int Batch,
    int Height,
    int Width,
    int Channels,
    int KernelHeight,
    int KernelWidth,
    int StrideY,
    int StrideX,
    int PadTop,
    int PadLeft,
    int PadBottom,
    int PadRight,
    bool CountPadding)
{
    public PoolShape(int batch, int height, int width, int channels, int kernel, int stride, int padding = 0, bool countPadding = true)
        : this(batch, height, width, channels, kernel, kernel, stride, stride, padding, padding, padding, padding, countPadding) { }

    public int OutHeight => (Height + PadTop + PadBottom - KernelHeight) / StrideY + 1;

    public int OutWidth => (Width + PadLeft + PadRight - KernelWidth) / StrideX + 1;

    public long InputLength => (long)Batch * Height * Width * Channels;

    public long OutputLength => (long)Batch * OutHeight * OutWidth * Channels;
}
