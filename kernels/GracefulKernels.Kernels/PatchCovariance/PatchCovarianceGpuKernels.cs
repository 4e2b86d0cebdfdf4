namespace GracefulKernels.Kernels;

/// <summary>Products of patches with their transpose, lower triangle: one stretch of positions a slice.</summary>
internal static class PatchCovarianceGpuKernels
{
    public static readonly GpuKernel<ProductArguments<PatchesAcross, PatchesAcross, MatrixOutput>> Patches128x128 =
        new(GpuProduct.Run<Tile128x128, PatchesAcross, PatchElementWalk, PatchesAcross, PatchElementWalk, MatrixOutput>, 256, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAcross, PatchesAcross, MatrixOutput>> Patches64x64 =
        new(GpuProduct.Run<Tile64x64, PatchesAcross, PatchElementWalk, PatchesAcross, PatchElementWalk, MatrixOutput>, 128, KernelTraits.Vectors);
}
