using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void GlobalMean(int batch, int pixels, int channels, Block<float> x, Block<float> y)
    {
        Debug.Assert(x.Length == (long)batch * pixels * channels && y.Length == (long)batch * channels);
        var job = new GlobalMeanJob
        {
            Batch = batch,
            Pixels = pixels,
            Channels = channels,
            Images = (int)Chunks.Rows((long)pixels * Math.Min(channels, SumColumns)),
            Stretches = Chunks.Count(channels, SumColumns),
            X = x.Pointer,
            Y = y.Pointer,
        };
        _workers.Run(Chunks.Count(batch, job.Images) * job.Stretches, ref job);
    }

    public void GlobalMeanAdjoint(int batch, int pixels, int channels, Block<float> dy, float beta, Block<float> dx)
    {
        Debug.Assert(dx.Length == (long)batch * pixels * channels && dy.Length == (long)batch * channels);
        var job = new GlobalMeanAdjointJob
        {
            Pixels = pixels,
            Channels = channels,
            Rows = (long)batch * pixels,
            RowsPerChunk = Chunks.Rows(channels),
            Beta = beta,
            Dy = dy.Pointer,
            Dx = dx.Pointer,
        };
        _workers.Run(Chunks.Count(job.Rows, job.RowsPerChunk), ref job);
    }

    private struct GlobalMeanJob : IJob
    {
        public int Batch;
        public int Pixels;
        public int Channels;
        public int Images;
        public int Stretches;
        public float* X;
        public float* Y;

        public readonly void Execute(int chunk)
        {
            (int group, int stretch) = Math.DivRem(chunk, Stretches);
            int column = stretch * SumColumns, columnEnd = Math.Min(column + SumColumns, Channels);
            double* sums = Scratch.Get<double>(ScratchSlot.PartialSums, SumColumns);
            int end = Math.Min((group + 1) * Images, Batch);
            for (int image = group * Images; image < end; image++)
            {
                new Span<double>(sums, SumColumns).Clear();
                AddRows(new PlainTerm(X), (long)image * Pixels * Channels, Pixels, Channels, column, columnEnd, sums);
                float* y = Y + ((long)image * Channels);
                for (int c = column; c < columnEnd; c++) y[c] = (float)(sums[c - column] / Pixels);
            }
        }
    }

    private struct GlobalMeanAdjointJob : IJob
    {
        public int Pixels;
        public int Channels;
        public long Rows;
        public long RowsPerChunk;
        public float Beta;
        public float* Dy;
        public float* Dx;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            TLanes pixels = TLanes.Broadcast(Pixels), beta = TLanes.Broadcast(Beta);
            long row = chunk * RowsPerChunk, rowEnd = Math.Min(row + RowsPerChunk, Rows);
            for (; row < rowEnd; row++)
            {
                float* dy = Dy + (row / Pixels * Channels), dx = Dx + (row * Channels);
                for (int c = 0; c < Channels; c += Lane)
                {
                    int count = Math.Min(Lane, Channels - c);
                    TLanes share = Load(dy + c, count) / pixels;
                    if (Beta != 0) share = TLanes.MultiplyAdd(beta, Load(dx + c, count), share);
                    Store(dx + c, count, share);
                }
            }
        }
    }
}
