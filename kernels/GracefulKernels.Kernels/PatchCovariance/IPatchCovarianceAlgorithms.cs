namespace GracefulKernels.Kernels;

/// <summary>The two ways to a patch covariance, by name: for tests of both at every shape, and for measurements of one against the other.</summary>
internal interface IPatchCovarianceAlgorithms
{
    /// <summary>A SYRK that gathers patches while packing: any shape.</summary>
    void PatchCovarianceByPatches(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum);

    /// <summary>One product for each difference of two taps: any shape of stride 1.</summary>
    void PatchCovarianceByLags(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum);
}
