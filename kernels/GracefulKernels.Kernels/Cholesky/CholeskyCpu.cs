using System.Diagnostics;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public int CholeskyFactor(int n, Block<double> a, int lda)
    {
        AssertTriangle(n, a, lda);
        if (typeof(TLanes) == typeof(Lanes512)) return CholeskyFactorization<DoubleRegister512, TDoubles>.Run(_workers, n, a.Pointer, lda);
        if (typeof(TLanes) == typeof(Lanes256)) return CholeskyFactorization<DoubleRegister256, TDoubles>.Run(_workers, n, a.Pointer, lda);
        if (typeof(TLanes) == typeof(Lanes128)) return CholeskyFactorization<DoubleRegister128, TDoubles>.Run(_workers, n, a.Pointer, lda);
        return CholeskyFactorization<DoubleRegisterScalar, TDoubles>.Run(_workers, n, a.Pointer, lda);
    }

    public void CholeskyInverse(int n, Block<double> a, int lda)
    {
        AssertTriangle(n, a, lda);
        if (typeof(TLanes) == typeof(Lanes512)) CholeskyInversion<DoubleRegister512, TDoubles>.Run(_workers, n, a.Pointer, lda);
        else if (typeof(TLanes) == typeof(Lanes256)) CholeskyInversion<DoubleRegister256, TDoubles>.Run(_workers, n, a.Pointer, lda);
        else if (typeof(TLanes) == typeof(Lanes128)) CholeskyInversion<DoubleRegister128, TDoubles>.Run(_workers, n, a.Pointer, lda);
        else CholeskyInversion<DoubleRegisterScalar, TDoubles>.Run(_workers, n, a.Pointer, lda);
    }

    public void CholeskySolve(int n, Block<double> a, int lda, int columns, Block<double> b, int ldb)
    {
        AssertTriangle(n, a, lda);
        Debug.Assert(ldb >= columns && (n == 0 || columns == 0 || b.Length >= ((long)(n - 1) * ldb) + columns));
        if (typeof(TLanes) == typeof(Lanes512)) CholeskySubstitution<DoubleRegister512, TDoubles>.Run(_workers, n, a.Pointer, lda, columns, b.Pointer, ldb);
        else if (typeof(TLanes) == typeof(Lanes256)) CholeskySubstitution<DoubleRegister256, TDoubles>.Run(_workers, n, a.Pointer, lda, columns, b.Pointer, ldb);
        else if (typeof(TLanes) == typeof(Lanes128)) CholeskySubstitution<DoubleRegister128, TDoubles>.Run(_workers, n, a.Pointer, lda, columns, b.Pointer, ldb);
        else CholeskySubstitution<DoubleRegisterScalar, TDoubles>.Run(_workers, n, a.Pointer, lda, columns, b.Pointer, ldb);
    }

    public void CholeskyFactorBatch(int count, int n, Block<double> a, int lda, long stride, Block<int> pivots)
    {
        AssertBatch(count, n, a, lda, stride);
        Debug.Assert(pivots.Length >= count);
        var job = new FactorMatrix { Kernels = this, N = n, A = a.Pointer, Lda = lda, Stride = stride, Pivots = pivots.Pointer };
        CholeskyBatch.Run(_workers, count, n, ref job);
    }

    public void CholeskyInverseBatch(int count, int n, Block<double> a, int lda, long stride)
    {
        AssertBatch(count, n, a, lda, stride);
        var job = new InvertMatrix { Kernels = this, N = n, A = a.Pointer, Lda = lda, Stride = stride };
        CholeskyBatch.Run(_workers, count, n, ref job);
    }

    private struct FactorMatrix : IMatrixJob
    {
        public CpuKernels<TLanes, TDoubles> Kernels;
        public int N;
        public double* A;
        public int Lda;
        public long Stride;
        public int* Pivots;

        public readonly long Work => (long)N * N * N / 6;

        public readonly void Execute(int index)
            => Pivots[index] = Kernels.CholeskyFactor(N, new Block<double>(A + (index * Stride), Length(N, Lda)), Lda);
    }

    private struct InvertMatrix : IMatrixJob
    {
        public CpuKernels<TLanes, TDoubles> Kernels;
        public int N;
        public double* A;
        public int Lda;
        public long Stride;

        public readonly long Work => (long)N * N * N / 3;

        public readonly void Execute(int index) => Kernels.CholeskyInverse(N, new Block<double>(A + (index * Stride), Length(N, Lda)), Lda);
    }

    private static long Length(int n, int lda) => n == 0 ? 0 : ((long)(n - 1) * lda) + n;

    [Conditional("DEBUG")]
    private static void AssertBatch(int count, int n, Block<double> a, int lda, long stride)
        => Debug.Assert(
            lda >= n && count >= 0 && (n == 0 || stride >= ((long)(n - 1) * lda) + n || count <= 1)
            && (count == 0 || a.Length >= ((count - 1) * stride) + Length(n, lda)));

    [Conditional("DEBUG")]
    private static void AssertTriangle(int n, Block<double> a, int lda)
        => Debug.Assert(lda >= n && a.Length >= Length(n, lda));
}
