namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void PatchCovariance(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum)
        => PatchGram<TLanes, TDoubles>.Run(_workers, shape, x.Pointer, homogeneous, sum.Pointer);

    /// <remarks>Rows of a matrix are the patches of a kernel of one tap.</remarks>
    public void Covariance(int rows, int features, Block<float> x, bool homogeneous, Block<double> sum)
        => PatchGram<TLanes, TDoubles>.Run(_workers, new ConvolutionShape(1, rows, 1, features, 1, 1, 1, 0), x.Pointer, homogeneous, sum.Pointer);
}
