namespace GracefulKernels.Kernels;

/// <summary>How a product is divided among the groups of a device.</summary>
/// <param name="Tile">Part of the output that a group computes.</param>
/// <param name="RowTiles">Tiles below each other.</param>
/// <param name="ColumnTiles">Tiles beside each other.</param>
/// <param name="Tiles">Tiles in all: those of the lower triangle only, where no other is asked for.</param>
/// <param name="Blocks">Blocks of the inner dimension of one product.</param>
/// <param name="Slices">Parts of the inner dimension that are computed at the same time and added afterwards.</param>
/// <param name="SliceBlocks">Inner blocks of a slice.</param>
internal readonly record struct GpuProductPlan(GpuTileSize Tile, int RowTiles, int ColumnTiles, int Tiles, int Blocks, int Slices, int SliceBlocks)
{
    /// <summary>A slice is at least this long: below, writing and adding the partial product costs more than is won.</summary>
    private const int SliceSteps = 256;

    private const int MostSlices = 64;

    /// <summary>Elements of partial products.</summary>
    private const long MostPartial = 1 << 26;

    public static (int Rows, int Columns, int Inner) SizeOf(GpuTileSize tile) => tile switch
    {
        GpuTileSize.Tile128x128 => (128, 128, 16),
        GpuTileSize.Tile128x64 => (128, 64, 8),
        GpuTileSize.Tile128x32 => (128, 32, 8),
        GpuTileSize.Tile128x16 => (128, 16, 8),
        _ => (64, 64, 16),
    };

    /// <summary>The quickest by a count of what the busiest multiprocessor does.</summary>
    /// <param name="m">Rows of the output.</param>
    /// <param name="n">Columns of the output.</param>
    /// <param name="k">Inner dimension of one product.</param>
    /// <param name="products">1, or 2 for a pair.</param>
    /// <param name="units">Multiprocessors.</param>
    /// <param name="lower">Whether only tiles of the lower triangle are computed.</param>
    public static GpuProductPlan Choose(int m, int n, int k, int products, int units, bool lower)
    {
        if (lower) return Better(For(GpuTileSize.Tile128x128, m, n, k, products, units, true), For(GpuTileSize.Tile64x64, m, n, k, products, units, true), units);
        if (n <= 16) return For(GpuTileSize.Tile128x16, m, n, k, products, units, false);
        if (n <= 32) return For(GpuTileSize.Tile128x32, m, n, k, products, units, false);
        GpuProductPlan large = For(n <= 64 ? GpuTileSize.Tile128x64 : GpuTileSize.Tile128x128, m, n, k, products, units, false);
        return Better(large, For(GpuTileSize.Tile64x64, m, n, k, products, units, false), units);
    }

    /// <summary>A product with this tile: slices where there are fewer tiles than the device takes.</summary>
    public static GpuProductPlan For(GpuTileSize tile, int m, int n, int k, int products, int units, bool lower)
    {
        (int rows, int columns, int inner) = SizeOf(tile);
        int rowTiles = (int)(((long)m + rows - 1) / rows), columnTiles = (int)(((long)n + columns - 1) / columns);
        int tiles = checked((int)(lower ? (long)rowTiles * (rowTiles + 1) / 2 : (long)rowTiles * columnTiles));
        int blocks = (int)(((long)k + inner - 1) / inner), all = checked(blocks * products);
        int slices = 1;
        if (tiles > 0 && tiles < units)
        {
            // Two groups share a multiprocessor.
            long most = Math.Min(Math.Min((long)all * inner / SliceSteps, MostSlices), MostPartial / Math.Max(1, (long)m * (n + 3)));
            slices = (int)Math.Clamp(2 * units / tiles, 1, Math.Max(1, most));
        }
        int sliceBlocks = Math.Max(1, (all + slices - 1) / slices);
        return new(tile, rowTiles, columnTiles, tiles, blocks, Math.Max(1, (all + sliceBlocks - 1) / sliceBlocks), sliceBlocks);
    }

    private static GpuProductPlan Better(GpuProductPlan large, GpuProductPlan small, int units) => small.Cost(units) < large.Cost(units) ? small : large;

    /// <summary>Multiply-adds of the busiest multiprocessor; those of a small tile take a fifth longer, since its quads serve fewer sums.</summary>
    private double Cost(int units)
    {
        (int rows, int columns, int inner) = SizeOf(Tile);
        long rounds = (((long)Tiles * Slices) + units - 1) / units;
        return (double)rounds * rows * columns * inner * SliceBlocks * (Tile == GpuTileSize.Tile64x64 ? 1.2 : 1.0);
    }
}
