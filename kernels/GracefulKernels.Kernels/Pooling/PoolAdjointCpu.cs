using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    /// <summary>What a window gives back to a pixel that it holds.</summary>
    private interface IPoolTerm
    {
        /// <summary>What all channels of window (oy, ox) and the pixel at its place (ky, kx) have in common.</summary>
        float Number(in PoolShape s, int oy, int ox, int ky, int kx);

        /// <summary>The share of channels <paramref name="at"/> onward of the output.</summary>
        TLanes Share(long at, int count, TLanes number);
    }

    /// <summary>
    /// A scatter as a gather: each input pixel collects, in row-major order, from the windows that hold it. So no two threads write one
    /// pixel and the order of a sum is fixed.
    /// </summary>
    private struct PoolAdjointJob<TTerm> : IJob where TTerm : struct, IPoolTerm
    {
        public PoolShape Shape;
        public TTerm Term;
        public float Beta;
        public float* Dx;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int channels = Shape.Channels, outWidth = Shape.OutWidth, outHeight = Shape.OutHeight;
            Shape.InputRows(chunk, out long row, out long rowEnd);
            for (; row < rowEnd; row++)
            {
                (long image, long iy) = Math.DivRem(row, Shape.Height);
                PoolCover down = Shape.CoverOfLine((int)iy);
                float* dx = Dx + (row * Shape.Width * channels);
                // Windows [first, end) hold a column: counted on from column to column, since a division each is what short pixels would wait for.
                int first = 0, end = 0, enters = 0, leaves = Shape.KernelWidth;
                for (int ix = 0; ix < Shape.Width; ix++, dx += channels)
                {
                    int column = ix + Shape.PadLeft;
                    for (; leaves <= column; leaves += Shape.StrideX) first++;
                    for (; end < outWidth && enters <= column; enters += Shape.StrideX) end++;
                    // A pixel that no window holds, or whose sum does not begin with its first window.
                    float beta = Beta;
                    if (beta != 0 || first >= end || down.First >= down.End)
                    {
                        Begin(dx, channels, beta);
                        beta = 1;
                    }
                    for (int oy = down.First; oy < down.End; oy++)
                    {
                        int ky = (int)iy + Shape.PadTop - (oy * Shape.StrideY);
                        long at = ((((image * outHeight) + oy) * outWidth) + first) * channels;
                        for (int ox = first; ox < end; ox++, at += channels, beta = 1)
                        {
                            Add(Term, at, Term.Number(Shape, oy, ox, ky, column - (ox * Shape.StrideX)), beta == 0, dx, channels);
                        }
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Begin(float* dx, int channels, float beta)
        {
            TLanes factor = TLanes.Broadcast(beta);
            for (int c = 0; c < channels; c += Lane)
            {
                int count = Math.Min(Lane, channels - c);
                Store(dx + c, count, beta == 0 ? TLanes.Zero : factor * Load(dx + c, count));
            }
        }

        /// <summary>One window: its share begins the sum or is added to it.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Add(in TTerm term, long at, float value, bool begins, float* dx, int channels)
        {
            TLanes number = TLanes.Broadcast(value);
            int c = 0;
            for (; c <= channels - Lane; c += Lane)
            {
                TLanes sum = begins ? TLanes.Zero : TLanes.Load(dx + c);
                TLanes.Store(dx + c, sum + term.Share(at + c, Lane, number));
            }
            if (c == channels) return;
            TLanes rest = begins ? TLanes.Zero : TLanes.LoadPartial(dx + c, channels - c);
            TLanes.StorePartial(dx + c, channels - c, rest + term.Share(at + c, channels - c, number));
        }
    }
}
