using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void Shortcut(in ShortcutShape shape, Block<float> x, Block<float> y)
    {
        if (y.IsEmpty) return;
        using GpuCall call = Begin();
        ArrayView<float> input = call.Read(x), output = call.Write(y);
        ShortcutGpuKernels.Arguments g = ShortcutArguments(shape, input, output, out bool quads);
        g.Grid = RowGrid.Of((long)shape.Batch * shape.OutHeight * shape.OutWidth, g.OutChannels, rowsPerThread: 4);
        call.Launch(quads ? ShortcutGpuKernels.Take : ShortcutGpuKernels.TakeAny, g.Grid.Groups(), g);
    }

    public void ShortcutAdjoint(in ShortcutShape shape, Block<float> dy, float beta, Block<float> dx)
    {
        if (dx.IsEmpty) return;
        using GpuCall call = Begin();
        ArrayView<float> output = call.Read(dy), input = beta == 0 ? call.Write(dx) : call.Update(dx);
        ShortcutGpuKernels.Arguments g = ShortcutArguments(shape, input, output, out bool quads);
        g.Beta = beta;
        if (beta == 1)
        {
            g.Grid = RowGrid.Of((long)shape.Batch * shape.OutHeight * shape.OutWidth, g.Channels, rowsPerThread: 4);
            call.Launch(quads ? ShortcutGpuKernels.Add : ShortcutGpuKernels.AddAny, g.Grid.Groups(), g);
        }
        else
        {
            g.Grid = RowGrid.Of((long)shape.Batch * shape.Height * shape.Width, g.Channels, rowsPerThread: 4);
            call.Launch(quads ? ShortcutGpuKernels.Spread : ShortcutGpuKernels.SpreadAny, g.Grid.Groups(), g);
        }
    }

    private static ShortcutGpuKernels.Arguments ShortcutArguments(
        in ShortcutShape s, ArrayView<float> input, ArrayView<float> output, out bool quads)
    {
        // Device code counts pixels in an int: 2³¹ of them are more than any device holds of layers that have channels.
        _ = checked((int)((long)s.Batch * s.Height * s.Width));
        quads = s.Channels % 4 == 0 && s.Before % 4 == 0 && s.After % 4 == 0 && Float4.Fits(input) && Float4.Fits(output);
        int unit = quads ? 4 : 1;
        return new()
        {
            Input = input,
            Output = output,
            Channels = s.Channels / unit,
            Before = s.Before / unit,
            OutChannels = s.OutChannels / unit,
            Height = s.Height,
            Width = s.Width,
            OutHeight = s.OutHeight,
            OutWidth = s.OutWidth,
            Stride = s.Stride,
            ByHeight = FastDivisor.Of(s.Height),
            ByWidth = FastDivisor.Of(s.Width),
            ByOutHeight = FastDivisor.Of(s.OutHeight),
            ByOutWidth = FastDivisor.Of(s.OutWidth),
            ByStride = FastDivisor.Of(s.Stride),
        };
    }
}
