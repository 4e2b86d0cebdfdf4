namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void KroneckerApply( int rows, int columns, Block<float> left, Block<float> right, Block<float> v, Block<float> workspace, Block<float> y)
        => throw new NotSupportedException();
}
