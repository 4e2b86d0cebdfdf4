using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Samples whose products are added in fp32.</summary>
    private const int StretchRows = 512;

    /// <summary>Elements of the stretches that are in memory at a time, or one stretch where that is larger. Tests lower it.</summary>
    internal long StretchElements { get; set; } = 1 << 24;

    public void Syrk(bool transpose, int n, int k, float alpha, Block<float> a, int lda, float beta, Block<float> c, int ldc)
    {
        if (n == 0) return;
        using GpuCall call = Begin();
        MatrixOutput output = OutputOf(call, n, n, ldc, alpha, beta, c, default, lower: true);
        ArrayView<float> values = call.Read(a);
        GpuProductPlan plan = GpuProductPlan.Choose(n, n, k, products: 1, Units, lower: true);
        if (transpose)
        {
            AcrossInner source = Across(values, n, k, lda);
            RunProduct(call, GemmGpuKernels.Tn(plan.Tile), plan, 1, new() { A = source, B = source, SecondA = source, SecondB = source }, output);
        }
        else
        {
            AlongInner source = Along(values, n, k, lda);
            RunProduct(call, GemmGpuKernels.Nt(plan.Tile), plan, 1, new() { A = source, B = source, SecondA = source, SecondB = source }, output);
        }
    }

    public void Covariance(int rows, int features, Block<float> x, bool homogeneous, Block<double> sum)
    {
        int order = homogeneous ? features + 1 : features;
        if (order == 0 || rows == 0) return;
        using GpuCall call = Begin();
        ArrayView<float> samples = call.Read(x);
        ArrayView<double> total = call.Update(sum);
        StretchPlan plan = PlanStretches(order, rows);
        ArrayView<float> partial = call.Scratch<float>(GpuScratch.Stretches, plan.AtATime * plan.Stride);
        GpuKernel<ProductArguments<SampleSource, SampleSource, MatrixOutput>> kernel =
            plan.Tile == GpuTileSize.Tile128x128 ? SyrkGpuKernels.Samples128x128 : SyrkGpuKernels.Samples64x64;
        for (int first = 0; first < plan.Stretches; first += plan.AtATime)
        {
            int firstRow = first * StretchRows, count = Math.Min(plan.AtATime, plan.Stretches - first);
            ArrayView<float> part = samples.SubView((long)firstRow * features);
            var source = new SampleSource
            {
                Values = part,
                Features = features,
                Samples = rows - firstRow,
                Ones = homogeneous ? features : -1,
                Quads = features % 4 == 0 && Float4.Fits(part) ? 1 : 0,
            };
            RunStretches(call, kernel, plan, count, partial, new() { A = source, B = source, SecondA = source, SecondB = source });
            AddStretches(call, plan, count, partial, total);
        }
    }

    /// <summary>
    /// How a sum of products over many rows is cut: into stretches of fp32 sums, of which so many are computed at a time that scratch memory stays
    /// bounded.
    /// </summary>
    internal readonly record struct StretchPlan(GpuTileSize Tile, int Tiles, int SliceBlocks, int Order, int Ld, int Stretches, int AtATime)
    {
        /// <summary>Elements from stretch to stretch.</summary>
        public long Stride => (long)Order * Ld;
    }

    internal StretchPlan PlanStretches(int order, int rows)
    {
        int ld = (order + 3) & ~3, stretches = (int)(((long)rows + StretchRows - 1) / StretchRows);
        int atATime = (int)Math.Clamp(StretchElements / ((long)order * ld), 1, Math.Min(stretches, 65535));
        // The larger tile where its groups, with all stretches at a time, fill the device.
        GpuProductPlan plan = GpuProductPlan.For(GpuTileSize.Tile128x128, order, order, StretchRows, 1, Units, lower: true);
        if (order <= 64 || (long)plan.Tiles * atATime < 2 * Units) plan = GpuProductPlan.For(GpuTileSize.Tile64x64, order, order, StretchRows, 1, Units, lower: true);
        return new(plan.Tile, plan.Tiles, plan.Blocks, order, ld, stretches, atATime);
    }

    /// <summary>One product of lower triangles a stretch, to <paramref name="partial"/>; the sources of <paramref name="g"/> begin with the first.</summary>
    internal static void RunStretches<TA, TB>(
        in GpuCall call,
        GpuKernel<ProductArguments<TA, TB, MatrixOutput>> kernel,
        in StretchPlan plan,
        int count,
        ArrayView<float> partial,
        ProductArguments<TA, TB, MatrixOutput> g)
        where TA : struct
        where TB : struct
    {
        g.ColumnTiles = 0;
        g.Blocks = g.AllBlocks = plan.SliceBlocks * count;
        g.SliceBlocks = plan.SliceBlocks;
        g.Output = PartialOutput(partial, plan.Order, plan.Ld, lower: 1);
        call.Launch(kernel, new Index3D(plan.Tiles, count, 1), g);
    }

    /// <summary>Adds the stretches in <paramref name="partial"/> to both triangles of the fp64 sum.</summary>
    internal static void AddStretches(in GpuCall call, in StretchPlan plan, int count, ArrayView<float> partial, ArrayView<double> sum)
    {
        int side = (plan.Order + SyrkGpuKernels.SumTile - 1) / SyrkGpuKernels.SumTile;
        call.Launch(
            SyrkGpuKernels.AddStretches,
            checked(side * (side + 1) / 2),
            new() { Partial = partial, Sum = sum, Stride = plan.Stride, Order = plan.Order, Ld = plan.Ld, Stretches = count });
    }
}
