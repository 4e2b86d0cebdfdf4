using System.Diagnostics;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void SymmetricEigen(int n, Block<double> a, Block<double> values)
    {
        Debug.Assert(n >= 0 && a.Length >= (long)n * n && values.Length >= n);
        if (typeof(TLanes) == typeof(Lanes512)) EigenDecomposition<DoubleRegister512, TDoubles>.Run(_workers, n, a.Pointer, values.Pointer);
        else if (typeof(TLanes) == typeof(Lanes256)) EigenDecomposition<DoubleRegister256, TDoubles>.Run(_workers, n, a.Pointer, values.Pointer);
        else if (typeof(TLanes) == typeof(Lanes128)) EigenDecomposition<DoubleRegister128, TDoubles>.Run(_workers, n, a.Pointer, values.Pointer);
        else EigenDecomposition<DoubleRegisterScalar, TDoubles>.Run(_workers, n, a.Pointer, values.Pointer);
    }

    public void SymmetricEigenBatch(int count, int n, Block<double> a, long stride, Block<double> values)
    {
        Debug.Assert(count >= 0 && n >= 0 && (count <= 1 || stride >= (long)n * n) && values.Length >= (long)count * n);
        Debug.Assert(count == 0 || a.Length >= ((count - 1) * stride) + ((long)n * n));
        var job = new EigenMatrix { Kernels = this, N = n, A = a.Pointer, Stride = stride, Values = values.Pointer };
        CholeskyBatch.Run(_workers, count, n, ref job);
    }

    private struct EigenMatrix : IMatrixJob
    {
        public CpuKernels<TLanes, TDoubles> Kernels;
        public int N;
        public double* A;
        public long Stride;
        public double* Values;

        // 4/3 n³ multiplications and additions each for the tridiagonal form, its vectors, and 2 n³ for their way back.
        public readonly long Work => (long)N * N * N * 7 / 3;

        public readonly void Execute(int index)
            => Kernels.SymmetricEigen(N, new Block<double>(A + (index * Stride), (long)N * N), new Block<double>(Values + ((long)index * N), N));
    }
}
