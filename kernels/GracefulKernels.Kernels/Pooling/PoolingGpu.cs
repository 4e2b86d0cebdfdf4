namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void MaxPool(in PoolShape shape, Block<float> x, Block<float> y, Block<ushort> argmax)
    {
        if (y.IsEmpty) return;
        using GpuCall call = Begin();
        MaxPoolGpuKernels.Arguments all = new() { Input = call.Read(x), Output = call.Write(y), Argmax = call.Write(argmax), Map = PoolMap.Of(shape) };
        bool quads = shape.Channels % 4 == 0 && Float4.Fits(all.Input) && Float4.Fits(all.Output) && Float4.Fits(all.Argmax);
        foreach (PoolSlice slice in Slices(shape))
        {
            MaxPoolGpuKernels.Arguments g = slice.Of(all);
            g.Grid = RowGrid.Of(slice.Outputs, quads ? shape.Channels / 4 : shape.Channels, rowsPerThread: 2);
            call.Launch(quads ? MaxPoolGpuKernels.Largest : MaxPoolGpuKernels.LargestAny, g.Grid.Groups(), g);
        }
    }

    public void MaxPoolGather(in PoolShape shape, Block<float> x, Block<ushort> argmax, Block<float> y)
    {
        if (y.IsEmpty) return;
        using GpuCall call = Begin();
        MaxPoolGpuKernels.Arguments all = new() { Input = call.Read(x), Output = call.Write(y), Argmax = call.Read(argmax), Map = PoolMap.Of(shape) };
        foreach (PoolSlice slice in Slices(shape))
        {
            MaxPoolGpuKernels.Arguments g = slice.Of(all);
            g.Grid = RowGrid.Of(slice.Outputs, shape.Channels, rowsPerThread: 4);
            call.Launch(MaxPoolGpuKernels.Gather, g.Grid.Groups(), g);
        }
    }

    public void MaxPoolScatter(in PoolShape shape, Block<float> dy, Block<ushort> argmax, float beta, Block<float> dx)
    {
        if (dx.IsEmpty) return;
        using GpuCall call = Begin();
        MaxPoolGpuKernels.Arguments all = new()
        {
            Output = call.Read(dy), Argmax = call.Read(argmax), Input = beta == 0 ? call.Write(dx) : call.Update(dx), Map = PoolMap.Of(shape), Beta = beta,
        };
        bool quads = shape.Channels % 4 == 0 && Float4.Fits(all.Input) && Float4.Fits(all.Output) && Float4.Fits(all.Argmax);
        foreach (PoolSlice slice in Slices(shape))
        {
            MaxPoolGpuKernels.Arguments g = slice.Of(all);
            g.Grid = RowGrid.Of(slice.Inputs, quads ? shape.Channels / 4 : shape.Channels, rowsPerThread: 2);
            call.Launch(quads ? MaxPoolGpuKernels.Scatter : MaxPoolGpuKernels.ScatterAny, g.Grid.Groups(), g);
        }
    }

    public void MeanPool(in PoolShape shape, Block<float> x, Block<float> y)
    {
        if (y.IsEmpty) return;
        using GpuCall call = Begin();
        MeanPoolGpuKernels.Arguments all = new() { Input = call.Read(x), Output = call.Write(y), Map = PoolMap.Of(shape) };
        MeanPools(call, shape, adjoint: false, all);
    }

    public void MeanPoolAdjoint(in PoolShape shape, Block<float> dy, float beta, Block<float> dx)
    {
        if (dx.IsEmpty) return;
        using GpuCall call = Begin();
        MeanPoolGpuKernels.Arguments all = new()
        {
            Output = call.Read(dy), Input = beta == 0 ? call.Write(dx) : call.Update(dx), Map = PoolMap.Of(shape), Beta = beta,
        };
        MeanPools(call, shape, adjoint: true, all);
    }

    public void GlobalMean(int batch, int pixels, int channels, Block<float> x, Block<float> y)
    {
        using GpuCall call = Begin();
        GlobalMeanGpuKernels.Arguments g = new() { Input = call.Read(x), Output = call.Write(y) };
        bool quads = channels % 4 == 0 && Float4.Fits(g.Input) && Float4.Fits(g.Output);
        g.Grid = RowGrid.Of(pixels, quads ? channels / 4 : channels, rowsPerThread: 1).WithRowBlocks(1);
        call.Launch(quads ? GlobalMeanGpuKernels.Mean : GlobalMeanGpuKernels.MeanAny, g.Grid.Groups(batch), g);
    }

    public void GlobalMeanAdjoint(int batch, int pixels, int channels, Block<float> dy, float beta, Block<float> dx)
    {
        using GpuCall call = Begin();
        GlobalMeanGpuKernels.Arguments g = new() { Output = call.Read(dy), Input = beta == 0 ? call.Write(dx) : call.Update(dx), Beta = beta };
        bool quads = channels % 4 == 0 && Float4.Fits(g.Input) && Float4.Fits(g.Output);
        g.Grid = RowGrid.Of(pixels, quads ? channels / 4 : channels, rowsPerThread: 8);
        call.Launch(quads ? GlobalMeanGpuKernels.Adjoint : GlobalMeanGpuKernels.AdjointAny, g.Grid.Groups(batch), g);
    }

    private void MeanPools(in GpuCall call, in PoolShape shape, bool adjoint, in MeanPoolGpuKernels.Arguments all)
    {
        bool quads = shape.Channels % 4 == 0 && Float4.Fits(all.Input) && Float4.Fits(all.Output);
        GpuKernel<MeanPoolGpuKernels.Arguments> kernel = (adjoint, quads) switch
        {
            (false, true) => MeanPoolGpuKernels.Mean,
            (false, false) => MeanPoolGpuKernels.MeanAny,
            (true, true) => MeanPoolGpuKernels.Adjoint,
            (true, false) => MeanPoolGpuKernels.AdjointAny,
        };
        foreach (PoolSlice slice in Slices(shape))
        {
            MeanPoolGpuKernels.Arguments g = slice.Of(all);
            g.Grid = RowGrid.Of(adjoint ? slice.Inputs : slice.Outputs, quads ? shape.Channels / 4 : shape.Channels, rowsPerThread: 2);
            call.Launch(kernel, g.Grid.Groups(), g);
        }
    }

    /// <summary>Images whose pixels an int can count, of which there are nearly always all.</summary>
    private static IEnumerable<PoolSlice> Slices(PoolShape shape)
    {
        long inputs = (long)shape.Height * shape.Width, outputs = (long)shape.OutHeight * shape.OutWidth;
        int most = (int)Math.Clamp(int.MaxValue / Math.Max(1, Math.Max(inputs, outputs)), 1, int.MaxValue);
        for (long image = 0; image < shape.Batch; image += most)
        {
            long images = Math.Min(most, shape.Batch - image);
            yield return new PoolSlice(image * inputs, images * inputs, image * outputs, images * outputs, shape.Channels);
        }
    }

    /// <summary>Pixels of some images.</summary>
    private readonly record struct PoolSlice(long FirstInput, long Inputs, long FirstOutput, long Outputs, int Channels)
    {
        public MaxPoolGpuKernels.Arguments Of(MaxPoolGpuKernels.Arguments g)
        {
            g.Input = g.Input.SubView(FirstInput * Channels, Inputs * Channels);
            g.Output = g.Output.SubView(FirstOutput * Channels, Outputs * Channels);
            if (g.Argmax.Length > 0) g.Argmax = g.Argmax.SubView(FirstOutput * Channels, Outputs * Channels);
            return g;
        }

        public MeanPoolGpuKernels.Arguments Of(MeanPoolGpuKernels.Arguments g)
        {
            g.Input = g.Input.SubView(FirstInput * Channels, Inputs * Channels);
            g.Output = g.Output.SubView(FirstOutput * Channels, Outputs * Channels);
            return g;
        }
    }
}
