using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Device code of sums over rows in fp64. A group sums its rows column by column (one part), threads along the columns; the parts are
/// summed by a second kernel. Every order is fixed, so the bits are the same on every run.
/// </summary>
internal static class ColumnSumGpuKernels
{
    /// <summary>Columns of a group of <see cref="Total"/>: 64 bytes of each part's row.</summary>
    public const int TotalColumns = 8;

    public static readonly GpuKernel<Arguments> Plain = new(Parts<Float4, Double4, ByFour, PlainTerm>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> PlainAny = new(Parts<float, double, Singly, PlainTerm>);
    public static readonly GpuKernel<Arguments> Affine = new(Parts<Float4, Double4, ByFour, AffineTerm>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> AffineAny = new(Parts<float, double, Singly, AffineTerm>);
    public static readonly GpuKernel<TotalArguments> Total = new(SumOfParts);

    internal struct Arguments
    {
        public ArrayView<float> X, Dy, Scale, Shift;

        /// <summary>[row blocks × columns]</summary>
        public ArrayView<double> Parts;

        public RowGrid Grid;
    }

    internal struct TotalArguments
    {
        public ArrayView<double> Parts;
        public ArrayView<float> Sum;
        public int Rows, Columns;
        public float Beta;
    }

    private interface ITerm
    {
        bool Affine { get; }
    }

    private struct PlainTerm : ITerm
    {
        public readonly bool Affine => false;
    }

    private struct AffineTerm : ITerm
    {
        public readonly bool Affine => true;
    }

    private static void Parts<T, TDouble, TPack, TTerm>(Arguments g)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
        where TTerm : unmanaged, ITerm
    {
        TPack pack = default;
        TTerm term = default;
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<T> x = g.X.Cast<T>(), dy = g.Dy.Cast<T>();
        TDouble zero = pack.Widen(pack.Broadcast(0f)), scale = zero, shift = zero;
        if (term.Affine && at.Column < g.Grid.Columns)
        {
            scale = pack.Widen(g.Scale.Cast<T>()[at.Column]);
            if (g.Shift.Length > 0) shift = pack.Widen(g.Shift.Cast<T>()[at.Column]);
        }
        TDouble even = zero, odd = zero;
        long row = at.Row, i = (row * g.Grid.Columns) + at.Column, next = at.Step * g.Grid.Columns;
        for (; row + (3 * at.Step) < g.Grid.Rows; row += 4 * at.Step, i += 4 * next)
        {
            T a = x[i], b = x[i + next], c = x[i + (2 * next)], d = x[i + (3 * next)];
            if (term.Affine)
            {
                T e = dy[i], f = dy[i + next], h = dy[i + (2 * next)], k = dy[i + (3 * next)];
                even = pack.MultiplyAdd(pack.Widen(e), pack.MultiplyAdd(pack.Widen(a), scale, shift), even);
                odd = pack.MultiplyAdd(pack.Widen(f), pack.MultiplyAdd(pack.Widen(b), scale, shift), odd);
                even = pack.MultiplyAdd(pack.Widen(h), pack.MultiplyAdd(pack.Widen(c), scale, shift), even);
                odd = pack.MultiplyAdd(pack.Widen(k), pack.MultiplyAdd(pack.Widen(d), scale, shift), odd);
            }
            else
            {
                even = pack.Add(even, pack.Widen(a));
                odd = pack.Add(odd, pack.Widen(b));
                even = pack.Add(even, pack.Widen(c));
                odd = pack.Add(odd, pack.Widen(d));
            }
        }
        for (; row < g.Grid.Rows; row += at.Step, i += next)
        {
            if (term.Affine) even = pack.MultiplyAdd(pack.Widen(dy[i]), pack.MultiplyAdd(pack.Widen(x[i]), scale, shift), even);
            else even = pack.Add(even, pack.Widen(x[i]));
        }
        TDouble sum = RowsOfGroup<T, TDouble, TPack>(pack.Add(even, odd), at.Local, g.Grid);
        if (at.Local == 0 && at.Column < g.Grid.Columns) g.Parts.Cast<TDouble>()[((long)at.RowBlock * g.Grid.Columns) + at.Column] = sum;
    }

    /// <summary>The sum over the rows of a group, a tree; the threads of its first row get it. Every thread must arrive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TDouble RowsOfGroup<T, TDouble, TPack>(TDouble value, int local, RowGrid grid)
        where T : unmanaged
        where TDouble : unmanaged
        where TPack : unmanaged, IPack<T, TDouble>
    {
        TPack pack = default;
        ArrayView<TDouble> shared = SharedMemory.Allocate<TDouble>(GpuKernels.GroupSize);
        int thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        for (int half = grid.HalfHigh; half > 0; half >>= 1)
        {
            // Threads behind the last row of the group have no sum, and none may be taken from them.
            if (local < half && local + half < grid.High) shared[thread] = pack.Add(shared[thread], shared[thread + (half * grid.Width)]);
            Group.Barrier();
        }
        return shared[thread];
    }

    /// <summary>32 threads share the parts of a column.</summary>
    private static void SumOfParts(TotalArguments g)
    {
        int thread = Group.IdxX, column = (Grid.IdxX * TotalColumns) + (thread & (TotalColumns - 1));
        const int Lanes = GpuKernels.GroupSize / TotalColumns;
        double even = 0, odd = 0;
        if (column < g.Columns)
        {
            long i = ((long)(thread / TotalColumns) * g.Columns) + column, next = (long)Lanes * g.Columns;
            int row = thread / TotalColumns;
            for (; row + (3 * Lanes) < g.Rows; row += 4 * Lanes, i += 4 * next)
            {
                double a = g.Parts[i], b = g.Parts[i + next], c = g.Parts[i + (2 * next)], d = g.Parts[i + (3 * next)];
                even += a + c;
                odd += b + d;
            }
            for (; row < g.Rows; row += Lanes, i += next) even += g.Parts[i];
        }
        ArrayView<double> shared = SharedMemory.Allocate<double>(GpuKernels.GroupSize);
        shared[thread] = even + odd;
        Group.Barrier();
        for (int half = GpuKernels.GroupSize / 2; half >= TotalColumns; half >>= 1)
        {
            if (thread < half) shared[thread] += shared[thread + half];
            Group.Barrier();
        }
        if (thread < TotalColumns && column < g.Columns)
        {
            double sum = shared[thread];
            // The product of two fp32 numbers is exact in fp64.
            if (g.Beta != 0) sum += (double)g.Beta * g.Sum[column];
            g.Sum[column] = (float)sum;
        }
    }
}
