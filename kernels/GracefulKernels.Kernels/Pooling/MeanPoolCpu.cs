using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void MeanPool(in PoolShape shape, Block<float> x, Block<float> y)
    {
        AssertPool(shape, x.Length, y.Length);
        var job = new MeanPoolJob { Shape = shape, X = x.Pointer, Y = y.Pointer };
        _workers.Run(shape.OutputChunks, ref job);
    }

    public void MeanPoolAdjoint(in PoolShape shape, Block<float> dy, float beta, Block<float> dx)
    {
        AssertPool(shape, dx.Length, dy.Length);
        var job = new MeanPoolAdjointJob { Shape = shape, Dy = dy.Pointer, Beta = beta, Dx = dx.Pointer };
        _workers.Run(shape.InputChunks, ref job);
    }

    private struct MeanPoolJob : IJob
    {
        public PoolShape Shape;
        public float* X;
        public float* Y;

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
                    TLanes divisor = TLanes.Broadcast(Shape.Divisor(lines, columns));
                    float* y = Y + (((row * outWidth) + ox) * channels);
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        TLanes sum = TLanes.Zero;
                        float* line = X + c + lines.Offset + ((long)columns.Column * channels);
                        for (int ky = lines.Top; ky < lines.Bottom; ky++, line += lines.Pitch)
                        {
                            float* pixel = line;
                            for (int kx = columns.Left; kx < columns.Right; kx++, pixel += channels) sum += Load(pixel, count);
                        }
                        Store(y + c, count, sum / divisor);
                    }
                }
            }
        }
    }

    /// <summary>A gather over the windows that hold a pixel, for the reasons of <see cref="MaxPoolScatterJob"/>.</summary>
    private struct MeanPoolAdjointJob : IJob
    {
        public PoolShape Shape;
        public float* Dy;
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
                            long outRow = (image * outHeight) + oy;
                            PoolLines lines = Shape.Lines(outRow);
                            float* dy = Dy + (((outRow * outWidth) + along.First) * channels) + c;
                            for (int ox = along.First; ox < along.End; ox++, dy += channels)
                            {
                                sum += Load(dy, count) / TLanes.Broadcast(Shape.Divisor(lines, Shape.Columns(ox)));
                            }
                        }
                        Store(dx + c, count, sum);
                    }
                }
            }
        }
    }
}
