using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary><c>gk_convolution_shape</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ImageShape
{
    public long Batch, Height, Width, InChannels, OutChannels;
    public long KernelHeight, KernelWidth, StrideY, StrideX;
    public long PadTop, PadLeft, PadBottom, PadRight, DilationY, DilationX;

    /// <summary>The kernels' shape, where every number that they compute with fits.</summary>
    /// <param name="outChannels">Whether the number of output channels is looked at; else it is 1.</param>
    public readonly ConvolutionShape Checked(bool outChannels = true)
    {
        int batch = Argument.Size(Batch, "shape->batch"), height = Argument.Size(Height, "shape->height", 1), width = Argument.Size(Width, "shape->width", 1);
        int from = Argument.Size(InChannels, "shape->in_channels", 1), to = outChannels ? Argument.Size(OutChannels, "shape->out_channels", 1) : 1;
        int kernelHeight = Argument.Size(KernelHeight, "shape->kernel_height", 1), kernelWidth = Argument.Size(KernelWidth, "shape->kernel_width", 1);
        int strideY = Argument.Size(StrideY, "shape->stride_y", 1), strideX = Argument.Size(StrideX, "shape->stride_x", 1);
        int top = Argument.Size(PadTop, "shape->pad_top"), left = Argument.Size(PadLeft, "shape->pad_left");
        int bottom = Argument.Size(PadBottom, "shape->pad_bottom"), right = Argument.Size(PadRight, "shape->pad_right");
        int dilationY = Argument.Size(DilationY, "shape->dilation_y", 1), dilationX = Argument.Size(DilationX, "shape->dilation_x", 1);
        Fits("height", Height + PadTop + PadBottom, (DilationY * (KernelHeight - 1)) + 1, "shape->kernel_height", "shape->dilation_y");
        Fits("width", Width + PadLeft + PadRight, (DilationX * (KernelWidth - 1)) + 1, "shape->kernel_width", "shape->dilation_x");
        long outHeight = Out(Height + PadTop + PadBottom, KernelHeight, StrideY, DilationY), outWidth = Out(Width + PadLeft + PadRight, KernelWidth, StrideX, DilationX);
        Countable("the pixels of an image (shape->height x shape->width)", Height, Width, 1);
        Countable("the elements of an image's row (shape->width x shape->in_channels)", Width, InChannels, 1);
        Countable("the output positions of the batch (shape->batch x height x width)", outHeight, outWidth, Math.Max(Batch, 1));
        Countable("the elements of a patch (shape->kernel_height x shape->kernel_width x shape->in_channels)", KernelHeight, KernelWidth, InChannels);
        Countable("shape->kernel_height x shape->kernel_width x shape->out_channels", KernelHeight, KernelWidth, to);
        return new ConvolutionShape(
            batch, height, width, from, to, kernelHeight, kernelWidth, strideY, strideX, top, left, bottom, right, dilationY, dilationX);
    }

    private static long Out(long padded, long kernel, long stride, long dilation) => ((padded - (dilation * (kernel - 1)) - 1) / stride) + 1;

    /// <summary>A kernel reaches over no more than the padded image: there is at least one output position.</summary>
    private static void Fits(string axis, long padded, long reach, string kernel, string dilation)
    {
        if (padded > int.MaxValue) throw CallException.Argument($"shape->{axis} with its padding is {padded}; expected at most {int.MaxValue}.");
        if (reach > padded) throw CallException.Argument($"{kernel} with {dilation} reaches over {reach} pixels; the {axis} with its padding is {padded}.");
    }

    /// <summary>What the kernels count in 32 bits; each factor is below 2³¹.</summary>
    private static void Countable(string what, long a, long b, long c)
    {
        if (a * b > int.MaxValue || a * b * c > int.MaxValue) throw CallException.Argument($"{what} are {(Int128)a * b * c}; expected at most {int.MaxValue}.");
    }
}
