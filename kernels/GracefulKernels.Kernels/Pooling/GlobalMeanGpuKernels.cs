using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Device code of the mean over all pixels of an image and its adjoint.</summary>
internal static class GlobalMeanGpuKernels
{
    public static readonly GpuKernel<Arguments> Mean = new(MeanOf<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> MeanAny = new(MeanOf<float, double, Singly>);
    public static readonly GpuKernel<Arguments> Adjoint = new(AdjointOf<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> AdjointAny = new(AdjointOf<float, double, Singly>);

    /// <summary>The grid goes over the pixels of each image; its columns are channels, or four of them.</summary>
    internal struct Arguments
    {
        public ArrayView<float> Input, Output;
        public RowGrid Grid;
        public float Beta;
    }

    /// <summary>One group for each image and its columns.</summary>
    private static void MeanOf<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<T> input = g.Input.Cast<T>();
        TDouble even = pack.Widen(pack.Broadcast(0f)), odd = even;
        long row = at.Row, next = at.Step * g.Grid.Columns, i = (((at.Image * g.Grid.Rows) + row) * g.Grid.Columns) + at.Column;
        for (; row + (3 * at.Step) < g.Grid.Rows; row += 4 * at.Step, i += 4 * next)
        {
            T a = input[i], b = input[i + next], c = input[i + (2 * next)], d = input[i + (3 * next)];
            even = pack.Add(pack.Add(even, pack.Widen(a)), pack.Widen(c));
            odd = pack.Add(pack.Add(odd, pack.Widen(b)), pack.Widen(d));
        }
        for (; row < g.Grid.Rows; row += at.Step, i += next) even = pack.Add(even, pack.Widen(input[i]));
        TDouble sum = ColumnSumGpuKernels.RowsOfGroup<T, TDouble, TPack>(pack.Add(even, odd), at.Local, g.Grid);
        if (at.Local == 0 && at.Column < g.Grid.Columns)
        {
            g.Output.Cast<T>()[((long)at.Image * g.Grid.Columns) + at.Column] = pack.Mean(sum, (int)g.Grid.Rows);
        }
    }

    /// <summary>A thread divides once for all its pixels.</summary>
    private static void AdjointOf<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        if (at.Row >= g.Grid.Rows) return;
        ArrayView<T> input = g.Input.Cast<T>();
        T share = pack.Divide(g.Output.Cast<T>()[((long)at.Image * g.Grid.Columns) + at.Column], g.Grid.Rows), beta = pack.Broadcast(g.Beta);
        long row = at.Row, next = at.Step * g.Grid.Columns, i = (((at.Image * g.Grid.Rows) + row) * g.Grid.Columns) + at.Column;
        if (g.Beta == 0)
        {
            for (; row < g.Grid.Rows; row += at.Step, i += next) input[i] = share;
            return;
        }
        for (; row + (3 * at.Step) < g.Grid.Rows; row += 4 * at.Step, i += 4 * next)
        {
            T a = input[i], b = input[i + next], c = input[i + (2 * next)], d = input[i + (3 * next)];
            input[i] = pack.MultiplyAdd(a, beta, share);
            input[i + next] = pack.MultiplyAdd(b, beta, share);
            input[i + (2 * next)] = pack.MultiplyAdd(c, beta, share);
            input[i + (3 * next)] = pack.MultiplyAdd(d, beta, share);
        }
        for (; row < g.Grid.Rows; row += at.Step, i += next) input[i] = pack.MultiplyAdd(input[i], beta, share);
    }
}
