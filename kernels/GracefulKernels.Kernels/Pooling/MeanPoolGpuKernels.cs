using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Device code of mean pooling over windows and its adjoint.</summary>
internal static class MeanPoolGpuKernels
{
    public static readonly GpuKernel<Arguments> Mean = new(MeanOf<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> MeanAny = new(MeanOf<float, double, Singly>);
    public static readonly GpuKernel<Arguments> Adjoint = new(AdjointOf<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> AdjointAny = new(AdjointOf<float, double, Singly>);

    /// <summary>The grid goes over output pixels, for the adjoint over input pixels; its columns are channels, or four of them.</summary>
    internal struct Arguments
    {
        public ArrayView<float> Input, Output;
        public RowGrid Grid;
        public PoolMap Map;
        public float Beta;
    }

    private static void MeanOf<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<T> input = g.Input.Cast<T>(), output = g.Output.Cast<T>();
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            PoolWindow window = PoolWindow.Of(g.Map, (int)pixel);
            T sum = pack.Broadcast(0f);
            long line = (window.Pixel * g.Grid.Columns) + at.Column;
            for (int ky = window.Top; ky < window.Bottom; ky++, line += (long)g.Map.Width * g.Grid.Columns)
            {
                long i = line;
                for (int kx = window.Left; kx < window.Right; kx++, i += g.Grid.Columns) sum = pack.Add(sum, input[i]);
            }
            int count = g.Map.Area;
            if (count == 0) count = (window.Bottom - window.Top) * (window.Right - window.Left);
            output[(pixel * g.Grid.Columns) + at.Column] = pack.Divide(sum, count);
        }
    }

    /// <summary>
    /// Each input pixel collects from the windows that hold it. A window's share is a product with the reciprocal of what its mean divides by, once
    /// for all its channels: four divisions a window would take longer than the memory does.
    /// </summary>
    private static void AdjointOf<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<T> input = g.Input.Cast<T>(), output = g.Output.Cast<T>();
        T zero = pack.Broadcast(0f), beta = pack.Broadcast(g.Beta);
        float all = g.Map.Area == 0 ? 0f : 1f / g.Map.Area;
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            PoolCovers covers = PoolCovers.Of(g.Map, (int)pixel);
            long target = (pixel * g.Grid.Columns) + at.Column;
            T sum = zero;
            if (g.Beta != 0) sum = pack.MultiplyAdd(input[target], beta, zero);
            for (int oy = covers.FirstY; oy < covers.EndY; oy++)
            {
                long o = ((covers.Image + ((long)oy * g.Map.OutWidth) + covers.FirstX) * g.Grid.Columns) + at.Column;
                int rows = PoolMap.Inside((oy * g.Map.StrideY) - g.Map.PadTop, g.Map.KernelHeight, g.Map.Height);
                for (int ox = covers.FirstX; ox < covers.EndX; ox++, o += g.Grid.Columns)
                {
                    float share = all;
                    if (g.Map.Area == 0) share = 1f / (rows * PoolMap.Inside((ox * g.Map.StrideX) - g.Map.PadLeft, g.Map.KernelWidth, g.Map.Width));
                    sum = pack.MultiplyAdd(output[o], pack.Broadcast(share), sum);
                }
            }
            input[target] = sum;
        }
    }
}
