namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// Adds <c>Σ āāᵀ</c> over all patches a (order kh, kw, in) of all images to <paramref name="sum"/>, fp64 [d × d], both triangles.
    /// With <paramref name="homogeneous"/>, ā = (a, 1): the last row and column hold the sum of patches and the number of patches. No
    /// patch matrix is materialised.
    /// </summary>
    void PatchCovariance(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum);
}
