using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void ChannelAffine(long rows, int channels, Block<float> x, Block<float> scale, Block<float> shift, float beta, Block<float> y)
    {
        using GpuCall call = Begin();
        ArrayView<float> target = beta == 0 ? call.Write(y) : call.Update(y);
        Affine(call, rows, channels, two: beta != 0, new()
        {
            X1 = call.Read(x), Scale1 = call.Read(scale), X2 = target, Scale2 = Nothing<float>(), Factor = beta, Shift = call.Read(shift), Y = target,
        });
    }

    public void ChannelAffinePair(
        long rows,
        int channels,
        Block<float> x1,
        Block<float> scale1,
        Block<float> x2,
        Block<float> scale2,
        Block<float> shift,
        Block<float> y)
    {
        using GpuCall call = Begin();
        Affine(call, rows, channels, two: true, new()
        {
            X1 = call.Read(x1),
            Scale1 = call.Read(scale1),
            X2 = call.Read(x2),
            Scale2 = call.Read(scale2),
            Shift = call.Read(shift),
            Y = call.Write(y),
        });
    }

    public void ColumnSum(long rows, int columns, Block<float> x, float beta, Block<float> sum)
    {
        using GpuCall call = Begin();
        ArrayView<float> source = call.Read(x), none = Nothing<float>();
        bool quads = columns % 4 == 0 && Float4.Fits(source);
        SumColumns(
            call,
            rows,
            columns,
            quads ? ColumnSumGpuKernels.Plain : ColumnSumGpuKernels.PlainAny,
            quads,
            new() { X = source, Dy = none, Scale = none, Shift = none },
            beta,
            sum);
    }

    public void ChannelAffineGradient(
        long rows,
        int channels,
        Block<float> x,
        Block<float> scale,
        Block<float> shift,
        Block<float> dy,
        float beta,
        Block<float> sum)
    {
        using GpuCall call = Begin();
        ColumnSumGpuKernels.Arguments g = new() { X = call.Read(x), Dy = call.Read(dy), Scale = call.Read(scale), Shift = call.Read(shift) };
        bool quads = channels % 4 == 0 && Float4.Fits(g.X) && Float4.Fits(g.Dy) && Float4.Fits(g.Scale) && Float4.Fits(g.Shift);
        SumColumns(call, rows, channels, quads ? ColumnSumGpuKernels.Affine : ColumnSumGpuKernels.AffineAny, quads, g, beta, sum);
    }

    private void Affine(in GpuCall call, long rows, int channels, bool two, ChannelAffineGpuKernels.Arguments g)
    {
        bool quads = channels % 4 == 0 && Float4.Fits(g.X1) && Float4.Fits(g.Scale1) && Float4.Fits(g.X2) && Float4.Fits(g.Scale2) && Float4.Fits(g.Shift) && Float4.Fits(g.Y);
        g.Grid = RowGrid.Of(rows, quads ? channels / 4 : channels, rowsPerThread: 8);
        GpuKernel<ChannelAffineGpuKernels.Arguments> kernel = (two, quads) switch
        {
            (false, true) => ChannelAffineGpuKernels.One,
            (false, false) => ChannelAffineGpuKernels.OneAny,
            (true, true) => ChannelAffineGpuKernels.Two,
            (true, false) => ChannelAffineGpuKernels.TwoAny,
        };
        call.Launch(kernel, g.Grid.Groups(), g);
    }

    /// <summary>Sums of parts of the rows, then the sum of these. The parts depend on the shape and the device alone.</summary>
    private void SumColumns(
        in GpuCall call,
        long rows,
        int columns,
        GpuKernel<ColumnSumGpuKernels.Arguments> kernel,
        bool quads,
        ColumnSumGpuKernels.Arguments g,
        float beta,
        Block<float> sum)
    {
        // Four groups a processor, each with four rows a thread on their way, keep its memory busy, and leave few parts to sum.
        int width = quads ? columns / 4 : columns;
        RowGrid grid = RowGrid.Of(rows, width, rowsPerThread: 8);
        grid = grid.WithRowBlocks(Math.Min(grid.RowBlocks, Math.Max(1, Wave / 2 / Math.Max(1, grid.ColumnBlocks))));
        g.Grid = grid;
        g.Parts = call.Scratch<double>(GpuScratch.ColumnParts, (long)grid.RowBlocks * columns);
        call.Launch(kernel, grid.Groups(), g);
        ArrayView<float> target = beta == 0 ? call.Write(sum) : call.Update(sum);
        call.Launch(
            ColumnSumGpuKernels.Total,
            (columns + ColumnSumGpuKernels.TotalColumns - 1) / ColumnSumGpuKernels.TotalColumns,
            new() { Parts = g.Parts, Rows = grid.RowBlocks, Columns = columns, Beta = beta, Sum = target });
    }
}
