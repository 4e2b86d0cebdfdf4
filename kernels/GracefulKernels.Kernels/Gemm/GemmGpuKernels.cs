namespace GracefulKernels.Kernels;

/// <summary>Products of stored matrices: each tile with each storage. Names say how A and B are stored: N as they are, T transposed.</summary>
internal static class GemmGpuKernels
{
    public static readonly GpuKernel<ProductArguments<AlongInner, AlongInner, MatrixOutput>> Nt128x128 =
        new(GpuProduct.Run<Tile128x128, AlongInner, MatrixWalk, AlongInner, MatrixWalk, MatrixOutput>, 256, KernelTraits.Vectors, sharing: 2);

    public static readonly GpuKernel<ProductArguments<AlongInner, AlongInner, MatrixOutput>> Nt128x64 =
        new(GpuProduct.Run<Tile128x64, AlongInner, MatrixWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors, sharing: 4);

    public static readonly GpuKernel<ProductArguments<AlongInner, AlongInner, MatrixOutput>> Nt128x32 =
        new(GpuProduct.Run<Tile128x32, AlongInner, MatrixWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AlongInner, AlongInner, MatrixOutput>> Nt128x16 =
        new(GpuProduct.Run<Tile128x16, AlongInner, MatrixWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AlongInner, AlongInner, MatrixOutput>> Nt64x64 =
        new(GpuProduct.Run<Tile64x64, AlongInner, MatrixWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AlongInner, AcrossInner, MatrixOutput>> Nn128x128 =
        new(GpuProduct.Run<Tile128x128, AlongInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 256, KernelTraits.Vectors, sharing: 2);

    public static readonly GpuKernel<ProductArguments<AlongInner, AcrossInner, MatrixOutput>> Nn128x64 =
        new(GpuProduct.Run<Tile128x64, AlongInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors, sharing: 4);

    public static readonly GpuKernel<ProductArguments<AlongInner, AcrossInner, MatrixOutput>> Nn128x32 =
        new(GpuProduct.Run<Tile128x32, AlongInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AlongInner, AcrossInner, MatrixOutput>> Nn128x16 =
        new(GpuProduct.Run<Tile128x16, AlongInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AlongInner, AcrossInner, MatrixOutput>> Nn64x64 =
        new(GpuProduct.Run<Tile64x64, AlongInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AcrossInner, AcrossInner, MatrixOutput>> Tn128x128 =
        new(GpuProduct.Run<Tile128x128, AcrossInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 256, KernelTraits.Vectors, sharing: 2);

    public static readonly GpuKernel<ProductArguments<AcrossInner, AcrossInner, MatrixOutput>> Tn128x64 =
        new(GpuProduct.Run<Tile128x64, AcrossInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors, sharing: 4);

    public static readonly GpuKernel<ProductArguments<AcrossInner, AcrossInner, MatrixOutput>> Tn128x32 =
        new(GpuProduct.Run<Tile128x32, AcrossInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AcrossInner, AcrossInner, MatrixOutput>> Tn128x16 =
        new(GpuProduct.Run<Tile128x16, AcrossInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<ProductArguments<AcrossInner, AcrossInner, MatrixOutput>> Tn64x64 =
        new(GpuProduct.Run<Tile64x64, AcrossInner, MatrixWalk, AcrossInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    /// <summary>Both transposed: rare, so in one size only.</summary>
    public static readonly GpuKernel<ProductArguments<AcrossInner, AlongInner, MatrixOutput>> Tt64x64 =
        new(GpuProduct.Run<Tile64x64, AcrossInner, MatrixWalk, AlongInner, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<SliceSumArguments> SumSlices = new(SliceSum.Run, traits: KernelTraits.Vectors);

    public static GpuKernel<ProductArguments<AlongInner, AlongInner, MatrixOutput>> Nt(GpuTileSize tile) => tile switch
    {
        GpuTileSize.Tile128x128 => Nt128x128,
        GpuTileSize.Tile128x64 => Nt128x64,
        GpuTileSize.Tile128x32 => Nt128x32,
        GpuTileSize.Tile128x16 => Nt128x16,
        _ => Nt64x64,
    };

    public static GpuKernel<ProductArguments<AlongInner, AcrossInner, MatrixOutput>> Nn(GpuTileSize tile) => tile switch
    {
        GpuTileSize.Tile128x128 => Nn128x128,
        GpuTileSize.Tile128x64 => Nn128x64,
        GpuTileSize.Tile128x32 => Nn128x32,
        GpuTileSize.Tile128x16 => Nn128x16,
        _ => Nn64x64,
    };

    public static GpuKernel<ProductArguments<AcrossInner, AcrossInner, MatrixOutput>> Tn(GpuTileSize tile) => tile switch
    {
        GpuTileSize.Tile128x128 => Tn128x128,
        GpuTileSize.Tile128x64 => Tn128x64,
        GpuTileSize.Tile128x32 => Tn128x32,
        GpuTileSize.Tile128x16 => Tn128x16,
        _ => Tn64x64,
    };
}
