using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void KroneckerApply(
        int rows, int columns, Block<float> left, Block<float> right, Block<float> v, Block<float> workspace, Block<float> y)
    {
        Debug.Assert(left.IsEmpty || left.Length == (long)rows * rows);
        Debug.Assert(right.Length == (long)columns * columns);
        Debug.Assert(v.Length == (long)rows * columns && y.Length == v.Length && (left.IsEmpty || workspace.Length >= v.Length));
        Block<float> product = v;
        if (!left.IsEmpty)
        {
            Gemm(new GemmShape(rows, columns, rows), 1f, left, v, 0f, workspace, default);
            product = workspace;
        }
        Gemm(new GemmShape(rows, columns, columns), 1f, product, right, 0f, y, default);
    }

    public void Damp(int n, double scale, double shift, Block<double> sum, Block<double> damped)
    {
        Debug.Assert(sum.Length == (long)n * n && damped.Length == sum.Length);
        var job = new DampJob { N = n, RowsPerChunk = Chunks.Rows(n), Scale = scale, Shift = shift, Sum = sum.Pointer, Damped = damped.Pointer };
        _workers.Run(Chunks.Count(n, job.RowsPerChunk), ref job);
    }

    public double Trace(int n, Block<double> a)
    {
        Debug.Assert(a.Length == (long)n * n);
        double trace = 0;
        for (long i = 0; i < n; i++) trace += a.Pointer[(i * n) + i];
        return trace;
    }

    private struct DampJob : IJob
    {
        public int N;
        public long RowsPerChunk;
        public double Scale;
        public double Shift;
        public double* Sum;
        public double* Damped;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            TDoubles scale = TDoubles.Broadcast(Scale);
            long row = chunk * RowsPerChunk, rowEnd = Math.Min(row + RowsPerChunk, N);
            for (; row < rowEnd; row++)
            {
                double* from = Sum + (row * N), to = Damped + (row * N);
                double diagonal = Math.FusedMultiplyAdd(Scale, from[row], Shift);
                int c = 0;
                for (; c <= N - 8; c += 8) TDoubles.Store(to + c, TDoubles.Load(from + c) * scale);
                if (c < N) TDoubles.StorePartial(to + c, N - c, TDoubles.LoadPartial(from + c, N - c) * scale);
                to[row] = diagonal;
            }
        }
    }
}
