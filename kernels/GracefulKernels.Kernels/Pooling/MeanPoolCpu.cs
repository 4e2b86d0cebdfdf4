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
        var job = new PoolAdjointJob<MeanTerm> { Shape = shape, Term = new MeanTerm(dy.Pointer), Beta = beta, Dx = dx.Pointer };
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
                    TLanes divisor = TLanes.Broadcast(Shape.Divisor(lines.Bottom - lines.Top, columns.Right - columns.Left));
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

    /// <summary>A window's dy by what its mean divides by.</summary>
    private readonly struct MeanTerm(float* dy) : IPoolTerm
    {
        private readonly float* _dy = dy;

        public float Number(in PoolShape s, int oy, int ox, int ky, int kx) => s.Divisor(s.RowsInside(oy), s.ColumnsInside(ox));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Share(long at, int count, TLanes number) => Load(_dy + at, count) / number;
    }
}
