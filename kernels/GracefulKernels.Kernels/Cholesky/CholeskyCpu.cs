namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public int CholeskyFactor(int n, Block<double> a, int lda) => throw new NotImplementedException();

    public void CholeskyInverse(int n, Block<double> a, int lda) => throw new NotImplementedException();

    public void CholeskySolve(int n, Block<double> a, int lda, int columns, Block<double> b, int ldb) => throw new NotImplementedException();
}
