using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Device code of the shortcut and its adjoint: neighbouring threads hold neighbouring channels.</summary>
internal static class ShortcutGpuKernels
{
    public static readonly GpuKernel<Arguments> Take = new(TakePixels<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> TakeAny = new(TakePixels<float, double, Singly>);
    public static readonly GpuKernel<Arguments> Spread = new(SpreadPixels<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> SpreadAny = new(SpreadPixels<float, double, Singly>);
    public static readonly GpuKernel<Arguments> Add = new(AddPixels<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> AddAny = new(AddPixels<float, double, Singly>);

    /// <summary>Channels, and those before them in the output, are counted in floats or in fours, as the grid's columns.</summary>
    internal struct Arguments
    {
        public ArrayView<float> Input, Output;
        public RowGrid Grid;
        public int Channels, Before, OutChannels;
        public int Height, Width, OutHeight, OutWidth, Stride;
        public FastDivisor ByHeight, ByWidth, ByOutHeight, ByOutWidth, ByStride;
        public float Beta;
    }

    /// <summary>Over output pixels and output channels.</summary>
    private static void TakePixels<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<T> input = g.Input.Cast<T>(), output = g.Output.Cast<T>();
        int channel = at.Column - g.Before;
        bool taken = channel >= 0 && channel < g.Channels;
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            T v = pack.Broadcast(0f);
            if (taken) v = input[(Source(g, (int)pixel) * g.Channels) + channel];
            output[(pixel * g.OutChannels) + at.Column] = v;
        }
    }

    /// <summary>Over input pixels: their share if they were taken, and beta times what they held.</summary>
    private static void SpreadPixels<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<T> input = g.Input.Cast<T>(), output = g.Output.Cast<T>();
        T zero = pack.Broadcast(0f), beta = pack.Broadcast(g.Beta);
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            int line = g.ByWidth.Quotient((int)pixel), image = g.ByHeight.Quotient(line);
            int ix = (int)pixel - (line * g.Width), iy = line - (image * g.Height);
            int ox = g.ByStride.Quotient(ix), oy = g.ByStride.Quotient(iy);
            T sum = zero;
            if (ox * g.Stride == ix && oy * g.Stride == iy)
            {
                long source = ((((long)image * g.OutHeight) + oy) * g.OutWidth) + ox;
                sum = output[(source * g.OutChannels) + g.Before + at.Column];
            }
            long i = (pixel * g.Channels) + at.Column;
            if (g.Beta != 0) sum = pack.MultiplyAdd(input[i], beta, sum);
            input[i] = sum;
        }
    }

    /// <summary>Over output pixels and input channels: with beta = 1 no other pixel changes.</summary>
    private static void AddPixels<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<T> input = g.Input.Cast<T>(), output = g.Output.Cast<T>();
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            long i = (Source(g, (int)pixel) * g.Channels) + at.Column;
            input[i] = pack.Add(input[i], output[(pixel * g.OutChannels) + g.Before + at.Column]);
        }
    }

    /// <summary>The input pixel of an output pixel, both counted through the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Source(Arguments g, int pixel)
    {
        int line = g.ByOutWidth.Quotient(pixel), image = g.ByOutHeight.Quotient(line);
        int ox = pixel - (line * g.OutWidth), oy = line - (image * g.OutHeight);
        return ((((long)image * g.Height) + (oy * g.Stride)) * g.Width) + (ox * g.Stride);
    }
}
