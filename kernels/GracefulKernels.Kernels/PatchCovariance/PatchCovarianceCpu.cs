namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void PatchCovariance(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum) => throw new NotImplementedException();
}
