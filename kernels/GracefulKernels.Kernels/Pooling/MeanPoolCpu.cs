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
                for (int ox = 0; ox < outWidth; ox++)
                {
                    PoolWindow window = Shape.Window(row, ox);
                    TLanes divisor = TLanes.Broadcast(Shape.Divisor(window));
                    float* y = Y + (((row * outWidth) + ox) * channels);
                    for (int c = 0; c < channels; c += Lane)
                    {
                        int count = Math.Min(Lane, channels - c);
                        TLanes sum = TLanes.Zero;
                        for (int ky = window.Top; ky < window.Bottom; ky++)
                        {
                            float* line = X + c + window.Offset + ((long)(ky - window.Top) * window.Pitch);
                            for (int kx = window.Left; kx < window.Right; kx++, line += channels) sum += Load(line, count);
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
                            long line = ((cover.Image * Shape.OutHeight) + oy) * outWidth;
                            for (int ox = cover.Left; ox < cover.Right; ox++)
                            {
                                int divisor = Shape.Divisor(Shape.Window((cover.Image * Shape.OutHeight) + oy, ox));
                                sum += Load(Dy + ((line + ox) * channels) + c, count) / TLanes.Broadcast(divisor);
                            }
                        }
                        Store(dx + c, count, sum);
                    }
                }
            }
        }
    }
}
