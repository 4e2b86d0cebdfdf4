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
                PoolLines lines = Shape.Lines(row);
                for (int ox = 0; ox < outWidth; ox++)
                {
                    PoolColumns columns = Shape.Columns(ox);
                    long at = ((row * outWidth) + ox) * channels;
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        if (!Largest(lines, columns, X + c, count, out TLanes best, out TLanes place))
                        {
                            LargestOrNaN(lines, columns, X + c, count, out best, out place);
                        }
                        Store(Y + at + c, count, best);
                        if (Argmax != null) TLanes.StoreUInt16(Argmax + at + c, count, place);
                    }
                }
            }
        }

        /// <summary>
        /// For windows without a NaN, else false: a maximum is then one instruction, and neither comparison stands in the chain from one
        /// maximum to the next.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly bool Largest(in PoolLines lines, in PoolColumns columns, float* x, int count, out TLanes best, out TLanes place)
        {
            int kernelWidth = Shape.KernelWidth, channels = Shape.Channels;
            float* line = x + lines.Offset + ((long)columns.Column * channels);
            best = Load(line, count);
            place = TLanes.Broadcast((lines.Top * kernelWidth) + columns.Left);
            TLanes odd = TLanes.Zero;
            for (int ky = lines.Top; ky < lines.Bottom; ky++, line += lines.Pitch)
            {
                float* pixel = line;
                for (int kx = columns.Left; kx < columns.Right; kx++, pixel += channels)
                {
                    TLanes v = Load(pixel, count);
                    place = TLanes.Select(TLanes.GreaterThan(v, best), TLanes.Broadcast((ky * kernelWidth) + kx), place);
                    best = TLanes.Max(v, best);
                    odd = TLanes.Select(TLanes.Equal(v, v), odd, v);
                }
            }
            return TLanes.ToBits(TLanes.Equal(odd, odd)) == 0xFFFF;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private readonly void LargestOrNaN(in PoolLines lines, in PoolColumns columns, float* x, int count, out TLanes best, out TLanes place)
        {
            float* line = x + lines.Offset + ((long)columns.Column * Shape.Channels);
            best = Load(line, count);
            place = TLanes.Broadcast((lines.Top * Shape.KernelWidth) + columns.Left);
            for (int ky = lines.Top; ky < lines.Bottom; ky++, line += lines.Pitch)
            {
                float* pixel = line;
                for (int kx = columns.Left; kx < columns.Right; kx++, pixel += Shape.Channels)
                {
                    TLanes v = Load(pixel, count);
                    // best ≥ v fails where v is larger and where either is NaN; a NaN that is already the best stays, as the first.
                    TLanes keep = TLanes.GreaterThanOrEqual(best, v), number = TLanes.Equal(best, best);
                    TLanes here = TLanes.Broadcast((ky * Shape.KernelWidth) + kx);
                    place = TLanes.Select(number, TLanes.Select(keep, place, here), place);
                    best = TLanes.Select(number, TLanes.Select(keep, best, v), best);
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
            int channels = Shape.Channels, outWidth = Shape.OutWidth, kernelWidth = Shape.KernelWidth;
            Shape.OutputRows(chunk, out long row, out long rowEnd);
            for (; row < rowEnd; row++)
            {
                PoolLines lines = Shape.Lines(row);
                for (int ox = 0; ox < outWidth; ox++)
                {
                    PoolColumns columns = Shape.Columns(ox);
                    long at = ((row * outWidth) + ox) * channels;
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        TLanes place = TLanes.LoadUInt16(Argmax + at + c, count), y = TLanes.Zero;
                        float* line = X + c + lines.Offset + ((long)columns.Column * channels);
                        for (int ky = lines.Top; ky < lines.Bottom; ky++, line += lines.Pitch)
                        {
                            float* pixel = line;
                            for (int kx = columns.Left; kx < columns.Right; kx++, pixel += channels)
                            {
                                TLanes here = TLanes.Equal(place, TLanes.Broadcast((ky * kernelWidth) + kx));
                                y = TLanes.Select(here, Load(pixel, count), y);
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
            int channels = Shape.Channels, outWidth = Shape.OutWidth, outHeight = Shape.OutHeight;
            TLanes beta = TLanes.Broadcast(Beta);
            Shape.InputRows(chunk, out long row, out long rowEnd);
            for (; row < rowEnd; row++)
            {
                (long image, long iy) = Math.DivRem(row, Shape.Height);
                PoolCover down = Shape.CoverOfLine((int)iy);
                for (int ix = 0; ix < Shape.Width; ix++)
                {
                    PoolCover along = Shape.CoverOfColumn(ix, outWidth);
                    float* dx = Dx + (((row * Shape.Width) + ix) * channels);
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        TLanes sum = Beta == 0 ? TLanes.Zero : beta * Load(dx + c, count);
                        for (int oy = down.First; oy < down.End; oy++)
                        {
                            int line = ((int)iy + Shape.PadTop - (oy * Shape.StrideY)) * Shape.KernelWidth;
                            long at = ((((image * outHeight) + oy) * outWidth) + along.First) * channels + c;
                            for (int ox = along.First; ox < along.End; ox++, at += channels)
                            {
                                int place = line + ix + Shape.PadLeft - (ox * Shape.StrideX);
                                TLanes here = TLanes.Equal(TLanes.LoadUInt16(Argmax + at, count), TLanes.Broadcast(place));
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
