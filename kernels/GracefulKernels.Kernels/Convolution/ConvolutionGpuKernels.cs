using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Convolutions as matrix products of patches that are read from the images: each use with each tile that it meets. The names say what is computed.
/// </summary>
internal static class ConvolutionGpuKernels
{
    public static readonly GpuKernel<ProductArguments<PatchesAlong, AlongInner, MatrixOutput>> Forward128x128 =
        new(GpuProduct.Run<Tile128x128, PatchesAlong, PatchWalk, AlongInner, MatrixWalk, MatrixOutput>, 256, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, AlongInner, MatrixOutput>> Forward128x64 =
        new(GpuProduct.Run<Tile128x64, PatchesAlong, PatchWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, AlongInner, MatrixOutput>> Forward128x32 =
        new(GpuProduct.Run<Tile128x32, PatchesAlong, PatchWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, AlongInner, MatrixOutput>> Forward128x16 =
        new(GpuProduct.Run<Tile128x16, PatchesAlong, PatchWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, AlongInner, MatrixOutput>> Forward64x64 =
        new(GpuProduct.Run<Tile64x64, PatchesAlong, PatchWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, WeightsByTap, MatrixOutput>> InputGradient128x128 =
        new(GpuProduct.Run<Tile128x128, PatchesAlong, PatchWalk, WeightsByTap, WeightWalk, MatrixOutput>, 256, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, WeightsByTap, MatrixOutput>> InputGradient128x64 =
        new(GpuProduct.Run<Tile128x64, PatchesAlong, PatchWalk, WeightsByTap, WeightWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, WeightsByTap, MatrixOutput>> InputGradient128x32 =
        new(GpuProduct.Run<Tile128x32, PatchesAlong, PatchWalk, WeightsByTap, WeightWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, WeightsByTap, MatrixOutput>> InputGradient128x16 =
        new(GpuProduct.Run<Tile128x16, PatchesAlong, PatchWalk, WeightsByTap, WeightWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAlong, WeightsByTap, MatrixOutput>> InputGradient64x64 =
        new(GpuProduct.Run<Tile64x64, PatchesAlong, PatchWalk, WeightsByTap, WeightWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AcrossInner, PatchesAcross, MatrixOutput>> WeightGradient128x128 =
        new(GpuProduct.Run<Tile128x128, AcrossInner, MatrixWalk, PatchesAcross, PatchElementWalk, MatrixOutput>, 256, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AcrossInner, PatchesAcross, MatrixOutput>> WeightGradient128x64 =
        new(GpuProduct.Run<Tile128x64, AcrossInner, MatrixWalk, PatchesAcross, PatchElementWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AcrossInner, PatchesAcross, MatrixOutput>> WeightGradient64x64 =
        new(GpuProduct.Run<Tile64x64, AcrossInner, MatrixWalk, PatchesAcross, PatchElementWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAcross, AcrossInner, MatrixOutput>> TransposedWeightGradient128x32 =
        new(GpuProduct.Run<Tile128x32, PatchesAcross, PatchElementWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<PatchesAcross, AcrossInner, MatrixOutput>> TransposedWeightGradient128x16 =
        new(GpuProduct.Run<Tile128x16, PatchesAcross, PatchElementWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<TransposedSumArguments> SumTransposed = new(SumTransposedSlices);

    internal struct TransposedSumArguments
    {
        /// <summary>[slices][patch][ld].</summary>
        public ArrayView<float> Partial;

        /// <summary>[outputs × patch].</summary>
        public ArrayView<float> Weights;
        public int Patch, Outputs, Ld, Slices;
        public float Beta;
    }

    public static GpuKernel<ProductArguments<PatchesAlong, AlongInner, MatrixOutput>> Forward(GpuTileSize tile) => tile switch
    {
        GpuTileSize.Tile128x128 => Forward128x128,
        GpuTileSize.Tile128x64 => Forward128x64,
        GpuTileSize.Tile128x32 => Forward128x32,
        GpuTileSize.Tile128x16 => Forward128x16,
        _ => Forward64x64,
    };

    public static GpuKernel<ProductArguments<PatchesAlong, WeightsByTap, MatrixOutput>> InputGradient(GpuTileSize tile) => tile switch
    {
        GpuTileSize.Tile128x128 => InputGradient128x128,
        GpuTileSize.Tile128x64 => InputGradient128x64,
        GpuTileSize.Tile128x32 => InputGradient128x32,
        GpuTileSize.Tile128x16 => InputGradient128x16,
        _ => InputGradient64x64,
    };

    public static GpuKernel<ProductArguments<AcrossInner, PatchesAcross, MatrixOutput>> WeightGradient(GpuTileSize tile) => tile switch
    {
        GpuTileSize.Tile128x128 => WeightGradient128x128,
        GpuTileSize.Tile128x64 => WeightGradient128x64,
        _ => WeightGradient64x64,
    };

    /// <summary>Adds slices in their order: reads run along rows, and the few weights are written where they belong.</summary>
    private static void SumTransposedSlices(TransposedSumArguments g)
    {
        long at = Grid.GlobalLinearIndex, stride = (long)g.Patch * g.Ld;
        int element = (int)(at / g.Ld), output = (int)(at - ((long)element * g.Ld));
        if (element >= g.Patch || output >= g.Outputs) return;
        float sum = 0f;
        for (int slice = 0; slice < g.Slices; slice++)
        {
            sum += g.Partial[at];
            at += stride;
        }
        long to = ((long)output * g.Patch) + element;
        if (g.Beta != 0f) sum += g.Beta * g.Weights[to];
        g.Weights[to] = sum;
    }
}
