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

    [Conditional("DEBUG")]
    private static void AssertTriangle(int n, Block<double> a, int lda)
        => Debug.Assert(lda >= n && (n == 0 || a.Length >= ((long)(n - 1) * lda) + n));
}
