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
        var job = new PoolAdjointJob<MaxTerm> { Shape = shape, Term = new MaxTerm(dy.Pointer, argmax.Pointer), Beta = beta, Dx = dx.Pointer };
        _workers.Run(shape.InputChunks, ref job);
    }

    private static void AssertPool(in PoolShape s, long input, long output)
    {
        Debug.Assert(input == s.InputLength && output == s.OutputLength);
        Debug.Assert(s.PadTop < s.KernelHeight && s.PadBottom < s.KernelHeight && s.PadLeft < s.KernelWidth && s.PadRight < s.KernelWidth);
        Debug.Assert(s.KernelHeight * s.KernelWidth <= ushort.MaxValue);
    }

    /// <summary>A window's dy where its maximum is the pixel in question.</summary>
    private readonly struct MaxTerm(float* dy, ushort* argmax) : IPoolTerm
    {
        private readonly float* _dy = dy;
        private readonly ushort* _argmax = argmax;

        /// <summary>The place that the pixel has in the window.</summary>
        public float Number(in PoolShape s, int oy, int ox, int ky, int kx) => (ky * s.KernelWidth) + kx;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Share(long at, int count, TLanes number)
            => TLanes.WhereEqual(TLanes.LoadUInt16(_argmax + at, count), number, Load(_dy + at, count), TLanes.Zero);
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
}
