using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void GramProduct(int m, int n, int k, Block<float> x, int ldX, Block<float> y, int ldY, Block<double> sum, int ldSum)
    {
        if (m == 0 || n == 0 || k == 0) return;
        using GpuCall call = Begin();
        ArrayView<float> left = call.Read(x), right = call.Read(y);
        ArrayView<double> total = call.Update(sum);
        int ld = (n + 3) & ~3, stretches = (k + StretchRows - 1) / StretchRows;
        long stride = (long)m * ld;
        int atATime = (int)Math.Clamp(StretchElements / stride, 1, Math.Min(stretches, 65535));
        // The larger tile where its groups, with all stretches at a time, fill the device.
        GpuProductPlan plan = GpuProductPlan.For(GpuTileSize.Tile128x128, m, n, StretchRows, 1, Units, lower: false);
        if (Math.Min(m, n) <= 64 || (long)plan.Tiles * atATime < 2 * Units) plan = GpuProductPlan.For(GpuTileSize.Tile64x64, m, n, StretchRows, 1, Units, lower: false);
        ArrayView<float> partial = call.Scratch<float>(GpuScratch.Stretches, atATime * stride);
        for (int first = 0; first < stretches; first += atATime)
        {
            int start = first * StretchRows, count = Math.Min(atATime, stretches - first);
            AlongInner a = Along(left.SubView(start), m, k - start, ldX), b = Along(right.SubView(start), n, k - start, ldY);
            call.Launch(GemmGpuKernels.Nt(plan.Tile), new Index3D(plan.Tiles, count, 1), new()
            {
                A = a,
                B = b,
                SecondA = a,
                SecondB = b,
                ColumnTiles = plan.ColumnTiles,
                Blocks = plan.Blocks * count,
                AllBlocks = plan.Blocks * count,
                SliceBlocks = plan.Blocks,
                Output = PartialOutput(partial, m, ld, lower: 0),
            });
            call.Launch(
                SyrkGpuKernels.AddRows,
                checked((int)(((long)m * ((n + GroupSize - 1) / GroupSize)))),
                new() { Partial = partial, Sum = total, Stride = stride, Columns = n, Ld = ld, LdSum = ldSum, ColumnGroups = (n + GroupSize - 1) / GroupSize, Stretches = count });
        }
    }
}
