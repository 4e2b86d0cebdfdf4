using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Sums over rows in fp64, in an order that the number of rows and the device fix: columns of partial sums, one row of them a group.</summary>
internal static class RowLossGpuSums
{
    public static readonly GpuKernel<TermArguments> Terms = new(SumTerms);
    public static readonly GpuKernel<ColumnArguments> Columns = new(SumColumns);
    public static readonly GpuKernel<SquaredArguments> Squared = new(WeightedSquared<QuadElements>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<SquaredArguments> SquaredSingles = new(WeightedSquared<SingleElements>);

    /// <summary>Columns of <see cref="Terms"/>: three sums, valid and undefined rows, and the seven counts of <see cref="FlipTable"/>.</summary>
    public const int TermColumns = 5 + FlipTable.Fields;

    internal struct TermArguments
    {
        public ArrayView<Float4> Terms;
        public ArrayView<double> Partials;
        public int Rows;
    }

    internal struct ColumnArguments
    {
        public ArrayView<double> Partials, Result;
        public int Groups, Columns;
    }

    internal struct SquaredArguments
    {
        public ArrayView<float> Values, Targets, Weights, Gradient;
        public ArrayView<double> Partials;
        public long Elements;
        public float Scale;
    }

    private interface IElements
    {
        int PerStep { get; }

        Float4 Load(ArrayView<float> view, long at);

        void Store(ArrayView<float> view, long at, Float4 value);
    }

    private struct QuadElements : IElements
    {
        public readonly int PerStep => 4;

        public readonly Float4 Load(ArrayView<float> view, long at) => view.Cast<Float4>()[at];

        public readonly void Store(ArrayView<float> view, long at, Float4 value) => view.Cast<Float4>()[at] = value;
    }

    /// <summary>One in the place of four.</summary>
    private struct SingleElements : IElements
    {
        public readonly int PerStep => 1;

        public readonly Float4 Load(ArrayView<float> view, long at) => new(view[at], 0f, 0f, 0f);

        public readonly void Store(ArrayView<float> view, long at, Float4 value) => view[at] = value.X;
    }

    /// <summary>Sum over a group, into a column of its row of partial sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumOfGroup(ArrayView<double> memory, double value, ArrayView<double> partials, int column, int columns)
    {
        int thread = Group.IdxX;
        Group.Barrier();
        memory[thread] = value;
        Group.Barrier();
        for (int half = GpuKernels.GroupSize / 2; half > 0; half >>= 1)
        {
            if (thread < half) memory[thread] += memory[thread + half];
            Group.Barrier();
        }
        if (thread == 0) partials[((long)Grid.IdxX * columns) + column] = memory[0];
    }

    private static void SumTerms(TermArguments g)
    {
        ArrayView<double> memory = SharedMemory.Allocate<double>(GpuKernels.GroupSize);
        double ofBase = 0, distance = 0, weighted = 0;
        int valid = 0, undefined = 0, bothRight = 0, bothWrong = 0, positive = 0, negative = 0, differ = 0, noOld = 0, noNew = 0;
        long stride = (long)Grid.DimX * GpuKernels.GroupSize;
        for (long row = Grid.GlobalLinearIndex; row < g.Rows; row += stride)
        {
            Float4 terms = g.Terms[row];
            ofBase += terms.X;
            distance += terms.Y;
            weighted += terms.Z;
            int flags = (int)terms.W;
            int isValid = flags & 1, rightOld = (flags >> 2) & 1, rightNew = (flags >> 3) & 1;
            valid += isValid;
            undefined += (flags >> 1) & 1;
            bothRight += rightOld & rightNew;
            bothWrong += isValid & ~(rightOld | rightNew);
            positive += rightNew & ~rightOld;
            negative += rightOld & ~rightNew;
            differ += isValid & ~(flags >> 4);
            noOld += (flags >> 5) & 1;
            noNew += (flags >> 6) & 1;
        }
        SumOfGroup(memory, ofBase, g.Partials, 0, TermColumns);
        SumOfGroup(memory, distance, g.Partials, 1, TermColumns);
        SumOfGroup(memory, weighted, g.Partials, 2, TermColumns);
        SumOfGroup(memory, valid, g.Partials, 3, TermColumns);
        SumOfGroup(memory, undefined, g.Partials, 4, TermColumns);
        SumOfGroup(memory, bothRight, g.Partials, 5, TermColumns);
        SumOfGroup(memory, bothWrong, g.Partials, 6, TermColumns);
        SumOfGroup(memory, positive, g.Partials, 7, TermColumns);
        SumOfGroup(memory, negative, g.Partials, 8, TermColumns);
        SumOfGroup(memory, differ, g.Partials, 9, TermColumns);
        SumOfGroup(memory, noOld, g.Partials, 10, TermColumns);
        SumOfGroup(memory, noNew, g.Partials, 11, TermColumns);
    }

    /// <summary>One group a column.</summary>
    private static void SumColumns(ColumnArguments g)
    {
        double sum = 0;
        for (int i = Group.IdxX; i < g.Groups; i += GpuKernels.GroupSize) sum += g.Partials[((long)i * g.Columns) + Grid.IdxX];
        sum = GroupSum.Of(sum);
        if (Group.IdxX == 0) g.Result[Grid.IdxX] = sum;
    }

    private static void WeightedSquared<TElements>(SquaredArguments g) where TElements : unmanaged, IElements
    {
        TElements access = default;
        double even = 0, odd = 0;
        long stride = (long)Grid.DimX * GpuKernels.GroupSize, whole = g.Elements / access.PerStep;
        for (long i = Grid.GlobalLinearIndex; i < whole; i += stride)
        {
            Float4 f = access.Load(g.Values, i), t = access.Load(g.Targets, i), w = new(1f, 1f, 1f, 1f);
            if (g.Weights.Length > 0) w = access.Load(g.Weights, i);
            Float4 r = new(f.X - t.X, f.Y - t.Y, f.Z - t.Z, f.W - t.W), s = new(r.X * w.X, r.Y * w.Y, r.Z * w.Z, r.W * w.W);
            even += ((double)r.X * s.X) + ((double)r.Z * s.Z);
            odd += ((double)r.Y * s.Y) + ((double)r.W * s.W);
            if (g.Gradient.Length > 0) access.Store(g.Gradient, i, new Float4(g.Scale * s.X, g.Scale * s.Y, g.Scale * s.Z, g.Scale * s.W));
        }
        // The last one to three elements.
        long rest = (whole * access.PerStep) + Grid.GlobalLinearIndex;
        if (rest < g.Elements)
        {
            float residual = g.Values[rest] - g.Targets[rest], weighted = residual * (g.Weights.Length > 0 ? g.Weights[rest] : 1f);
            even += (double)residual * weighted;
            if (g.Gradient.Length > 0) g.Gradient[rest] = g.Scale * weighted;
        }
        double sum = GroupSum.Of(even + odd);
        if (Group.IdxX == 0) g.Partials[Grid.IdxX] = sum;
    }
}
