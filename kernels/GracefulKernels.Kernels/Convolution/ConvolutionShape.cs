namespace GracefulKernels.Kernels;

/// <summary>
/// A convolution of NHWC images [batch, height, width, in] with weights [out, kh, kw, in], groups = 1. Padding is zeros, given for each
/// border.
/// </summary>
internal readonly record struct ConvolutionShape(
    int Batch,
    int Height,
    int Width,
    int InChannels,
    int OutChannels,
    int KernelHeight,
    int KernelWidth,
    int StrideY,
    int StrideX,
    int PadTop,
    int PadLeft,
    int PadBottom,
    int PadRight,
    int DilationY,
    int DilationX)
{
    /// <summary>Square kernel, equal stride and padding on both axes.</summary>
    public ConvolutionShape(int batch, int height, int width, int inChannels, int outChannels, int kernel, int stride, int padding, int dilation = 1)
        : this(batch, height, width, inChannels, outChannels, kernel, kernel, stride, stride, padding, padding, padding, padding, dilation, dilation) { }

    public int OutHeight => (Height + PadTop + PadBottom - (DilationY * (KernelHeight - 1)) - 1) / StrideY + 1;

    public int OutWidth => (Width + PadLeft + PadRight - (DilationX * (KernelWidth - 1)) - 1) / StrideX + 1;

    /// <summary>Output positions of one image.</summary>
    public int Positions => OutHeight * OutWidth;

    /// <summary>Elements of a patch: kh·kw·in, in that order.</summary>
    public int PatchLength => KernelHeight * KernelWidth * InChannels;

    /// <summary>A kernel of one tap that skips and pads nothing: positions are rows of a matrix.</summary>
    public bool IsPlainProduct
        => KernelHeight == 1 && KernelWidth == 1 && StrideY == 1 && StrideX == 1 && (PadTop | PadLeft | PadBottom | PadRight) == 0;

    public long InputLength => (long)Batch * Height * Width * InChannels;

    public long OutputLength => (long)Batch * Positions * OutChannels;

    public long WeightLength => (long)OutChannels * PatchLength;
}
