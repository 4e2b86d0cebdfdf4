using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void MaxPool(in PoolShape shape, Block<float> x, Block<float> y, Block<ushort> argmax)
    {
        AssertPool(shape, x.Length, y.Length);
        Debug.Assert(argmax.IsEmpty || argmax.Length == y.Length);
        var job = new MaxPoolJob { Shape = shape, X = x.Pointer, Y = y.Pointer, Argmax = argmax.IsEmpty ? null : argmax.Pointer };
        _workers.Run(shape.OutputChunks, ref job);
    }

    public void MaxPoolGather(in PoolShape shape, Block<float> x, Block<ushort> argmax, Block<float> y)
    {
        AssertPool(shape, x.Length, y.Length);
        Debug.Assert(argmax.Length == y.Length);
        var job = new MaxPoolGatherJob { Shape = shape, X = x.Pointer, Y = y.Pointer, Argmax = argmax.Pointer };
        _workers.Run(shape.OutputChunks, ref job);
    }

    public void MaxPoolScatter(in PoolShape shape, Block<float> dy, Block<ushort> argmax, float beta, Block<float> dx)
    {
        AssertPool(shape, dx.Length, dy.Length);
        Debug.Assert(argmax.Length == dy.Length);
        var job = new MaxPoolScatterJob { Shape = shape, Dy = dy.Pointer, Argmax = argmax.Pointer, Beta = beta, Dx = dx.Pointer };
        _workers.Run(shape.InputChunks, ref job);
    }

    private static void AssertPool(in PoolShape s, long input, long output)
    {
        Debug.Assert(input == s.InputLength && output == s.OutputLength);
        Debug.Assert(s.PadTop < s.KernelHeight && s.PadBottom < s.KernelHeight && s.PadLeft < s.KernelWidth && s.PadRight < s.KernelWidth);
        Debug.Assert(s.KernelHeight * s.KernelWidth <= ushort.MaxValue);
    }

    private struct MaxPoolJob : IJob
    {
        public PoolShape Shape;
        public float* X;
        public float* Y;
        public ushort* Argmax;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int channels = Shape.Channels, outWidth = Shape.OutWidth;
            Shape.OutputRows(chunk, out long row, out long rowEnd);
            for (; row < rowEnd; row++)
            {
                for (int ox = 0; ox < outWidth; ox++)
                {
                    PoolWindow window = Shape.Window(row, ox);
                    long at = ((row * outWidth) + ox) * channels;
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        Largest(window, X + c, count, out TLanes best, out TLanes place);
                        Store(Y + at + c, count, best);
                        if (Argmax != null) TLanes.StoreUInt16(Argmax + at + c, count, place);
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Largest(in PoolWindow window, float* x, int count, out TLanes best, out TLanes place)
        {
            TLanes never = TLanes.FromBits(0xFFFF);
            best = Load(x + window.Offset, count);
            place = TLanes.Broadcast((window.Top * Shape.KernelWidth) + window.Left);
            for (int ky = window.Top; ky < window.Bottom; ky++)
            {
                float* line = x + window.Offset + ((long)(ky - window.Top) * window.Pitch);
                for (int kx = window.Left; kx < window.Right; kx++, line += Shape.Channels)
                {
                    TLanes v = Load(line, count);
                    // best ≥ v fails where v is larger and where either is NaN; a NaN that is already the best stays, as the first.
                    TLanes keep = TLanes.Select(TLanes.Equal(best, best), TLanes.GreaterThanOrEqual(best, v), never);
                    best = TLanes.Select(keep, best, v);
                    place = TLanes.Select(keep, place, TLanes.Broadcast((ky * Shape.KernelWidth) + kx));
                }
            }
        }
    }

    private struct MaxPoolGatherJob : IJob
    {
        public PoolShape Shape;
        public float* X;
        public float* Y;
        public ushort* Argmax;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int channels = Shape.Channels, outWidth = Shape.OutWidth;
            Shape.OutputRows(chunk, out long row, out long rowEnd);
            for (; row < rowEnd; row++)
            {
                for (int ox = 0; ox < outWidth; ox++)
                {
                    PoolWindow window = Shape.Window(row, ox);
                    long at = ((row * outWidth) + ox) * channels;
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        TLanes place = TLanes.LoadUInt16(Argmax + at + c, count), y = TLanes.Zero;
                        for (int ky = window.Top; ky < window.Bottom; ky++)
                        {
                            float* line = X + c + window.Offset + ((long)(ky - window.Top) * window.Pitch);
                            for (int kx = window.Left; kx < window.Right; kx++, line += channels)
                            {
                                TLanes here = TLanes.Equal(place, TLanes.Broadcast((ky * Shape.KernelWidth) + kx));
                                y = TLanes.Select(here, Load(line, count), y);
                            }
                        }
                        Store(Y + at + c, count, y);
                    }
                }
            }
        }
    }

    /// <summary>
    /// The scatter as a gather: each input pixel collects, in row-major order, from the windows that hold it. So no two threads write one
    /// pixel and the order of a sum is fixed.
    /// </summary>
    private struct MaxPoolScatterJob : IJob
    {
        public PoolShape Shape;
        public float* Dy;
        public ushort* Argmax;
        public float Beta;
        public float* Dx;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int channels = Shape.Channels, outWidth = Shape.OutWidth;
            TLanes beta = TLanes.Broadcast(Beta);
            Shape.InputRows(chunk, out long row, out long rowEnd);
            for (; row < rowEnd; row++)
            {
                for (int ix = 0; ix < Shape.Width; ix++)
                {
                    PoolCover cover = Shape.Cover(row, ix);
                    float* dx = Dx + (((row * Shape.Width) + ix) * channels);
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        TLanes sum = Beta == 0 ? TLanes.Zero : beta * Load(dx + c, count);
                        for (int oy = cover.Top; oy < cover.Bottom; oy++)
                        {
                            for (int ox = cover.Left; ox < cover.Right; ox++)
                            {
                                long at = ((((cover.Image * Shape.OutHeight) + oy) * outWidth) + ox) * channels + c;
                                int ky = cover.Y + Shape.PadTop - (oy * Shape.StrideY), kx = ix + Shape.PadLeft - (ox * Shape.StrideX);
                                TLanes here = TLanes.Equal(
                                    TLanes.LoadUInt16(Argmax + at, count), TLanes.Broadcast((ky * Shape.KernelWidth) + kx));
                                sum += TLanes.Select(here, Load(Dy + at, count), TLanes.Zero);
                            }
                        }
                        Store(dx + c, count, sum);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Load(float* source, int count) => count == Lane ? TLanes.Load(source) : TLanes.LoadPartial(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* destination, int count, TLanes value)
    {
        if (count == Lane) TLanes.Store(destination, value);
        else TLanes.StorePartial(destination, count, value);
    }
}
