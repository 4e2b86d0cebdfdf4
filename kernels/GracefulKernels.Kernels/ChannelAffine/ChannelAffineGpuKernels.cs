using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Device code of the affine maps of channels. A thread keeps its channels, and so their scale and shift, in registers, and has four rows on
/// their way at a time: all loads come before the first store, as the compiler may not move one past it (y may be x).
/// </summary>
internal static class ChannelAffineGpuKernels
{
    public static readonly GpuKernel<Arguments> One = new(OneTerm<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> OneAny = new(OneTerm<float, double, Singly>);
    public static readonly GpuKernel<Arguments> Two = new(TwoTerms<Float4, Double4, ByFour>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> TwoAny = new(TwoTerms<float, double, Singly>);

    /// <summary>y = x1·scale1 + (x2·scale2 + shift). An empty scale2 is <see cref="Factor"/> for every channel; an empty shift is zero.</summary>
    internal struct Arguments
    {
        public ArrayView<float> X1, Scale1, X2, Scale2, Shift, Y;
        public RowGrid Grid;
        public float Factor;
    }

    private static void OneTerm<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        if (at.Row >= g.Grid.Rows) return;
        ArrayView<T> x = g.X1.Cast<T>(), y = g.Y.Cast<T>();
        T scale = g.Scale1.Cast<T>()[at.Column], shift = pack.Broadcast(0f);
        if (g.Shift.Length > 0) shift = g.Shift.Cast<T>()[at.Column];
        long row = at.Row, i = (row * g.Grid.Columns) + at.Column, next = at.Step * g.Grid.Columns;
        for (; row + (3 * at.Step) < g.Grid.Rows; row += 4 * at.Step, i += 4 * next)
        {
            T a = x[i], b = x[i + next], c = x[i + (2 * next)], d = x[i + (3 * next)];
            y[i] = pack.MultiplyAdd(a, scale, shift);
            y[i + next] = pack.MultiplyAdd(b, scale, shift);
            y[i + (2 * next)] = pack.MultiplyAdd(c, scale, shift);
            y[i + (3 * next)] = pack.MultiplyAdd(d, scale, shift);
        }
        for (; row < g.Grid.Rows; row += at.Step, i += next) y[i] = pack.MultiplyAdd(x[i], scale, shift);
    }

    private static void TwoTerms<T, TDouble, TPack>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        RowPlace at = RowPlace.Of(g.Grid);
        if (at.Row >= g.Grid.Rows) return;
        ArrayView<T> x = g.X1.Cast<T>(), z = g.X2.Cast<T>(), y = g.Y.Cast<T>();
        T scale = g.Scale1.Cast<T>()[at.Column], other = pack.Broadcast(g.Factor), shift = pack.Broadcast(0f);
        if (g.Scale2.Length > 0) other = g.Scale2.Cast<T>()[at.Column];
        if (g.Shift.Length > 0) shift = g.Shift.Cast<T>()[at.Column];
        long row = at.Row, i = (row * g.Grid.Columns) + at.Column, next = at.Step * g.Grid.Columns;
        for (; row + (3 * at.Step) < g.Grid.Rows; row += 4 * at.Step, i += 4 * next)
        {
            T a = x[i], b = x[i + next], c = x[i + (2 * next)], d = x[i + (3 * next)];
            T e = z[i], f = z[i + next], h = z[i + (2 * next)], k = z[i + (3 * next)];
            y[i] = pack.MultiplyAdd(a, scale, pack.MultiplyAdd(e, other, shift));
            y[i + next] = pack.MultiplyAdd(b, scale, pack.MultiplyAdd(f, other, shift));
            y[i + (2 * next)] = pack.MultiplyAdd(c, scale, pack.MultiplyAdd(h, other, shift));
            y[i + (3 * next)] = pack.MultiplyAdd(d, scale, pack.MultiplyAdd(k, other, shift));
        }
        for (; row < g.Grid.Rows; row += at.Step, i += next) y[i] = pack.MultiplyAdd(x[i], scale, pack.MultiplyAdd(z[i], other, shift));
    }
}
