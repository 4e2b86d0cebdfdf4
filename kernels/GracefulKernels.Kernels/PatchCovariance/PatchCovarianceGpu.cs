namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void PatchCovariance(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum)
        => throw new NotSupportedException();
}
