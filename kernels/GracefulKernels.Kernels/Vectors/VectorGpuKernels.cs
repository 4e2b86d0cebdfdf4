using ILGPU;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Device code of the vector operations: bound by bytes, so each thread moves 16 of them at a time and each element once.</summary>
internal static class VectorGpuKernels
{
    public static readonly GpuKernel<ElementwiseArguments> Scale = new(Quads<ScaleOperation>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<ElementwiseArguments> ScaleAny = new(Singles<ScaleOperation>);
    public static readonly GpuKernel<ElementwiseArguments> Combine = new(Quads<CombineOperation>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<ElementwiseArguments> CombineAny = new(Singles<CombineOperation>);
    public static readonly GpuKernel<ElementwiseArguments> Multiply = new(Quads<MultiplyOperation>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<ElementwiseArguments> MultiplyAny = new(Singles<MultiplyOperation>);
    public static readonly GpuKernel<DotArguments> Dot = new(PartialDot, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<DotArguments> DotAny = new(PartialDotAny);
    public static readonly GpuKernel<SumArguments> Sum = new(SumOfPartials);
    public static readonly GpuKernel<ConvertArguments> Narrow = new(NarrowElements);
    public static readonly GpuKernel<ConvertArguments> Widen = new(WidenElements);

    /// <summary>y = operation(a, b), element by element.</summary>
    internal struct ElementwiseArguments
    {
        public ArrayView<float> A, B, Y;
        public float Alpha, Beta;
    }

    internal struct DotArguments
    {
        public ArrayView<float> X, Y;
        public ArrayView<double> Partials;
    }

    internal struct SumArguments
    {
        public ArrayView<double> Partials, Result;
    }

    internal struct ConvertArguments
    {
        public ArrayView<float> Floats;
        public ArrayView<double> Doubles;
        public double Scale;
    }

    private interface IOperation
    {
        bool ReadsB { get; }

        float Apply(float a, float b, float alpha, float beta);
    }

    private struct ScaleOperation : IOperation
    {
        public readonly bool ReadsB => false;

        public readonly float Apply(float a, float b, float alpha, float beta) => alpha * a;
    }

    private struct CombineOperation : IOperation
    {
        public readonly bool ReadsB => true;

        public readonly float Apply(float a, float b, float alpha, float beta) => (alpha * a) + (beta * b);
    }

    private struct MultiplyOperation : IOperation
    {
        public readonly bool ReadsB => true;

        public readonly float Apply(float a, float b, float alpha, float beta) => a * b;
    }

    private static void Quads<TOperation>(ElementwiseArguments g) where TOperation : unmanaged, IOperation
    {
        TOperation operation = default;
        ArrayView<Float4> a = g.A.Cast<Float4>(), b = g.B.Cast<Float4>(), y = g.Y.Cast<Float4>();
        long stride = GridThreads();
        for (long i = Grid.GlobalLinearIndex; i < g.Y.Length >> 2; i += stride)
        {
            Float4 u = a[i], v = operation.ReadsB ? b[i] : u;
            y[i] = new Float4(
                operation.Apply(u.X, v.X, g.Alpha, g.Beta),
                operation.Apply(u.Y, v.Y, g.Alpha, g.Beta),
                operation.Apply(u.Z, v.Z, g.Alpha, g.Beta),
                operation.Apply(u.W, v.W, g.Alpha, g.Beta));
        }
        // The last one to three elements.
        long rest = (g.Y.Length & ~3L) + Grid.GlobalLinearIndex;
        if (rest < g.Y.Length) g.Y[rest] = operation.Apply(g.A[rest], operation.ReadsB ? g.B[rest] : 0f, g.Alpha, g.Beta);
    }

    private static void Singles<TOperation>(ElementwiseArguments g) where TOperation : unmanaged, IOperation
    {
        TOperation operation = default;
        long stride = GridThreads();
        for (long i = Grid.GlobalLinearIndex; i < g.Y.Length; i += stride)
        {
            g.Y[i] = operation.Apply(g.A[i], operation.ReadsB ? g.B[i] : 0f, g.Alpha, g.Beta);
        }
    }

    private static void PartialDot(DotArguments g)
    {
        ArrayView<Float4> x = g.X.Cast<Float4>(), y = g.Y.Cast<Float4>();
        long stride = GridThreads();
        double even = 0, odd = 0;
        for (long i = Grid.GlobalLinearIndex; i < g.X.Length >> 2; i += stride)
        {
            Float4 u = x[i], v = y[i];
            even += ((double)u.X * v.X) + ((double)u.Z * v.Z);
            odd += ((double)u.Y * v.Y) + ((double)u.W * v.W);
        }
        long rest = (g.X.Length & ~3L) + Grid.GlobalLinearIndex;
        if (rest < g.X.Length) even += (double)g.X[rest] * g.Y[rest];
        double sum = GroupSum.Of(even + odd);
        if (Group.IdxX == 0) g.Partials[Grid.IdxX] = sum;
    }

    private static void PartialDotAny(DotArguments g)
    {
        long stride = GridThreads();
        double sum = 0;
        for (long i = Grid.GlobalLinearIndex; i < g.X.Length; i += stride) sum += (double)g.X[i] * g.Y[i];
        sum = GroupSum.Of(sum);
        if (Group.IdxX == 0) g.Partials[Grid.IdxX] = sum;
    }

    /// <summary>One group.</summary>
    private static void SumOfPartials(SumArguments g)
    {
        double sum = 0;
        for (long i = Group.IdxX; i < g.Partials.Length; i += GpuKernels.GroupSize) sum += g.Partials[i];
        sum = GroupSum.Of(sum);
        if (Group.IdxX == 0) g.Result[0] = sum;
    }

    private static void NarrowElements(ConvertArguments g)
    {
        long stride = GridThreads();
        for (long i = Grid.GlobalLinearIndex; i < g.Floats.Length; i += stride) g.Floats[i] = (float)(g.Scale * g.Doubles[i]);
    }

    private static void WidenElements(ConvertArguments g)
    {
        long stride = GridThreads();
        for (long i = Grid.GlobalLinearIndex; i < g.Floats.Length; i += stride) g.Doubles[i] = g.Floats[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long GridThreads() => (long)Grid.DimX * Group.DimX;
}
