namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public int CholeskyFactor(int n, Block<double> a, int lda)
        => throw new NotSupportedException();

    public void CholeskyInverse(int n, Block<double> a, int lda)
        => throw new NotSupportedException();

    public void CholeskyFactorBatch(int count, int n, Block<double> a, int lda, long stride, Block<int> pivots)
        => throw new NotSupportedException();

    public void CholeskyInverseBatch(int count, int n, Block<double> a, int lda, long stride)
        => throw new NotSupportedException();

    public void CholeskySolve(int n, Block<double> a, int lda, int columns, Block<double> b, int ldb)
        => throw new NotSupportedException();
}
