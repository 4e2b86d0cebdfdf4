namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void Syrk(bool transpose, int n, int k, float alpha, Block<float> a, int lda, float beta, Block<float> c, int ldc)
        => throw new NotSupportedException();

    public void Covariance(int rows, int features, Block<float> x, bool homogeneous, Block<double> sum)
        => throw new NotSupportedException();
}
