namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles> : IPatchCovarianceAlgorithms
{
    private const int FewestChannelsByLags = 8;

    public void PatchCovariance(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum)
    {
        if (LagsAreFaster(shape)) PatchCovarianceByLags(shape, x, homogeneous, sum);
        else PatchCovarianceByPatches(shape, x, homogeneous, sum);
    }

    public void PatchCovarianceByPatches(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum)
        => PatchGram<TLanes, TDoubles>.Run(_workers, shape, x.Pointer, homogeneous, sum.Pointer);

    public void PatchCovarianceByLags(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum)
        => LagGram<TLanes, TDoubles>.Run(_workers, shape, x.Pointer, homogeneous, sum.Pointer);

    /// <remarks>Rows of a matrix are the patches of a kernel of one tap.</remarks>
    public void Covariance(int rows, int features, Block<float> x, bool homogeneous, Block<double> sum)
        => PatchGram<TLanes, TDoubles>.Run(_workers, new ConvolutionShape(1, rows, 1, features, 1, 1, 1, 0), x.Pointer, homogeneous, sum.Pointer);

    /// <summary>
    /// Measured on kernels of 1 × 2 to 7 × 7: with eight channels the lags win 1.3 times or more at any image, with four they lose, because a
    /// product of so few columns leaves most of a register idle.
    /// </summary>
    private static bool LagsAreFaster(in ConvolutionShape s)
        => s.StrideY == 1 && s.StrideX == 1 && s.KernelHeight * s.KernelWidth > 1 && s.InChannels >= FewestChannelsByLags;
}
