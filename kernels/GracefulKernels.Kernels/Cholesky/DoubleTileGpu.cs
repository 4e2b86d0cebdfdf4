using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Two doubles that are loaded as one access of 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Double2
{
    public double X, Y;
}

/// <summary>Four sums of one row of a tile, 16 columns apart.</summary>
internal struct DoubleQuad
{
    public double A, B, C, D;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(double factor, in DoubleQuad other)
    {
        A += factor * other.A;
        B += factor * other.B;
        C += factor * other.C;
        D += factor * other.D;
    }
}

/// <summary>
/// A tile of 64 × 64 of an fp64 product, for a group of 128 threads with 8 × 4 sums each: a thread reads 12 numbers of shared memory for 32 multiply-adds,
/// fewer than the arithmetic units wait for. 16 columns of either operand lie in shared memory; the next 16 are on their way in registers meanwhile.
/// </summary>
/// <remarks>
/// Indices that pass a limit are moved back to it rather than skipped: no load depends on a branch, and what such rows sum up is never stored. Steps
/// behind the depth are zeros.
/// </remarks>
internal static class DoubleTileGpu
{
    public const int Size = 64;
    public const int Threads = 128;

    /// <summary>Columns of an operand in shared memory at a time.</summary>
    private const int Depth = 16;

    /// <summary>Distance of such columns: even, for pairs, where rows are read; odd, without bank conflicts, where columns are.</summary>
    private const int RowPitch = Size + 2;
    private const int ColumnPitch = Size + 1;

    /// <summary>Where an operand's element of line x (0–63) and step k lies, relative to <see cref="Operand.Origin"/>.</summary>
    internal interface ILayout
    {
        /// <summary>True: at x·ld + k, steps contiguous. False: at k·ld + x.</summary>
        bool StepsAreContiguous { get; }
    }

    internal struct ByLine : ILayout
    {
        public readonly bool StepsAreContiguous => true;
    }

    internal struct ByStep : ILayout
    {
        public readonly bool StepsAreContiguous => false;
    }

    /// <summary>64 lines (rows of the left operand, columns of the right) and any number of steps of a matrix.</summary>
    internal struct Operand
    {
        public ArrayView<double> Data;
        public long Origin;
        public int Ld;

        /// <summary>Lines that exist: at least 1; more than 64 are 64.</summary>
        public int Lines;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Operand(ArrayView<double> data, long origin, int ld, int lines) => (Data, Origin, Ld, Lines) = (data, origin, ld, lines);
    }

    /// <summary>The sums of a thread: 8 neighbouring rows by 4 columns that lie 16 apart.</summary>
    internal struct Sums
    {
        public DoubleQuad R0, R1, R2, R3, R4, R5, R6, R7;
    }

    /// <summary>A thread's share of 64 lines × 16 steps.</summary>
    private struct Share
    {
        public double V0, V1, V2, V3, V4, V5, V6, V7;
    }

    /// <summary>sums += left·rightᵀ over <paramref name="depth"/> steps. Every thread of the group must arrive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply<TLeft, TRight>(ref Sums sums, Operand left, Operand right, int depth)
        where TLeft : unmanaged, ILayout
        where TRight : unmanaged, ILayout
    {
        ArrayView<Double2> rowPairs = SharedMemory.Allocate<Double2>(Depth * RowPitch / 2);
        ArrayView<double> rows = rowPairs.Cast<double>();
        ArrayView<double> columns = SharedMemory.Allocate<double>(Depth * ColumnPitch);
        int pair = (Group.IdxX >> 4) * 4, column = Group.IdxX & 15;
        Share nextLeft = default, nextRight = default;
        Load<TLeft>(ref nextLeft, left, 0, depth);
        Load<TRight>(ref nextRight, right, 0, depth);
        for (int first = 0; first < depth; first += Depth)
        {
            Store<TLeft>(rows, RowPitch, nextLeft);
            Store<TRight>(columns, ColumnPitch, nextRight);
            Group.Barrier();
            // The last time this loads the last steps again, which costs less than a branch that the loads would wait for.
            Load<TLeft>(ref nextLeft, left, first + Depth, depth);
            Load<TRight>(ref nextRight, right, first + Depth, depth);
            for (int k = 0; k < Depth; k += 4)
            {
                Step(ref sums, rowPairs, columns, (k * RowPitch / 2) + pair, (k * ColumnPitch) + column);
                Step(ref sums, rowPairs, columns, ((k + 1) * RowPitch / 2) + pair, ((k + 1) * ColumnPitch) + column);
                Step(ref sums, rowPairs, columns, ((k + 2) * RowPitch / 2) + pair, ((k + 2) * ColumnPitch) + column);
                Step(ref sums, rowPairs, columns, ((k + 3) * RowPitch / 2) + pair, ((k + 3) * ColumnPitch) + column);
            }
            Group.Barrier();
        }
    }

    /// <summary>sums = −C, for a product that is to be subtracted from C.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Sums Negative(ArrayView<double> c, long origin, int ld, int rows, int columns)
    {
        Sums sums = default;
        int row = (Group.IdxX >> 4) * 8;
        LoadRow(ref sums.R0, c, origin, ld, row, rows, columns);
        LoadRow(ref sums.R1, c, origin, ld, row + 1, rows, columns);
        LoadRow(ref sums.R2, c, origin, ld, row + 2, rows, columns);
        LoadRow(ref sums.R3, c, origin, ld, row + 3, rows, columns);
        LoadRow(ref sums.R4, c, origin, ld, row + 4, rows, columns);
        LoadRow(ref sums.R5, c, origin, ld, row + 5, rows, columns);
        LoadRow(ref sums.R6, c, origin, ld, row + 6, rows, columns);
        LoadRow(ref sums.R7, c, origin, ld, row + 7, rows, columns);
        return sums;
    }

    /// <summary>C = scale·sums, where row &lt; rows and column &lt; columns; with <paramref name="lower"/> only where column ≤ row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<double> c, long origin, int ld, int rows, int columns, bool lower, double scale, in Sums sums)
    {
        int row = (Group.IdxX >> 4) * 8;
        StoreRow(c, origin, ld, row, rows, columns, lower, scale, sums.R0);
        StoreRow(c, origin, ld, row + 1, rows, columns, lower, scale, sums.R1);
        StoreRow(c, origin, ld, row + 2, rows, columns, lower, scale, sums.R2);
        StoreRow(c, origin, ld, row + 3, rows, columns, lower, scale, sums.R3);
        StoreRow(c, origin, ld, row + 4, rows, columns, lower, scale, sums.R4);
        StoreRow(c, origin, ld, row + 5, rows, columns, lower, scale, sums.R5);
        StoreRow(c, origin, ld, row + 6, rows, columns, lower, scale, sums.R6);
        StoreRow(c, origin, ld, row + 7, rows, columns, lower, scale, sums.R7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ref Sums sums, ArrayView<Double2> rows, ArrayView<double> columns, int pair, int column)
    {
        Double2 a = rows[pair], b = rows[pair + 1], c = rows[pair + 2], d = rows[pair + 3];
        DoubleQuad right = default;
        right.A = columns[column];
        right.B = columns[column + 16];
        right.C = columns[column + 32];
        right.D = columns[column + 48];
        sums.R0.Add(a.X, right);
        sums.R1.Add(a.Y, right);
        sums.R2.Add(b.X, right);
        sums.R3.Add(b.Y, right);
        sums.R4.Add(c.X, right);
        sums.R5.Add(c.Y, right);
        sums.R6.Add(d.X, right);
        sums.R7.Add(d.Y, right);
    }

    /// <summary>Steps <paramref name="first"/> to + 15 into registers: neighbouring threads take what is contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TLayout>(ref Share share, Operand o, int first, int depth) where TLayout : unmanaged, ILayout
    {
        TLayout layout = default;
        int last = Math.Max(depth - 1, 0), lastLine = o.Lines - 1;
        if (layout.StepsAreContiguous)
        {
            int k = first + (Group.IdxX & 15), line = Group.IdxX >> 4;
            bool inside = k < depth;
            long origin = o.Origin + Math.Min(k, last);
            share.V0 = Element(o, origin, line, lastLine, inside);
            share.V1 = Element(o, origin, line + 8, lastLine, inside);
            share.V2 = Element(o, origin, line + 16, lastLine, inside);
            share.V3 = Element(o, origin, line + 24, lastLine, inside);
            share.V4 = Element(o, origin, line + 32, lastLine, inside);
            share.V5 = Element(o, origin, line + 40, lastLine, inside);
            share.V6 = Element(o, origin, line + 48, lastLine, inside);
            share.V7 = Element(o, origin, line + 56, lastLine, inside);
        }
        else
        {
            int k = first + (Group.IdxX >> 6);
            long origin = o.Origin + Math.Min(Group.IdxX & 63, lastLine);
            share.V0 = Element(o, origin, k, last, k < depth);
            share.V1 = Element(o, origin, k + 2, last, k + 2 < depth);
            share.V2 = Element(o, origin, k + 4, last, k + 4 < depth);
            share.V3 = Element(o, origin, k + 6, last, k + 6 < depth);
            share.V4 = Element(o, origin, k + 8, last, k + 8 < depth);
            share.V5 = Element(o, origin, k + 10, last, k + 10 < depth);
            share.V6 = Element(o, origin, k + 12, last, k + 12 < depth);
            share.V7 = Element(o, origin, k + 14, last, k + 14 < depth);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Element(in Operand o, long origin, int row, int last, bool inside)
    {
        double value = o.Data[origin + ((long)Math.Min(row, last) * o.Ld)];
        return inside ? value : 0.0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLayout>(ArrayView<double> shared, int pitch, in Share share) where TLayout : unmanaged, ILayout
    {
        TLayout layout = default;
        int at = layout.StepsAreContiguous ? ((Group.IdxX & 15) * pitch) + (Group.IdxX >> 4) : ((Group.IdxX >> 6) * pitch) + (Group.IdxX & 63);
        int step = layout.StepsAreContiguous ? 8 : 2 * pitch;
        shared[at] = share.V0;
        shared[at + step] = share.V1;
        shared[at + (2 * step)] = share.V2;
        shared[at + (3 * step)] = share.V3;
        shared[at + (4 * step)] = share.V4;
        shared[at + (5 * step)] = share.V5;
        shared[at + (6 * step)] = share.V6;
        shared[at + (7 * step)] = share.V7;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRow(ref DoubleQuad quad, ArrayView<double> c, long origin, int ld, int row, int rows, int columns)
    {
        int column = Group.IdxX & 15;
        long at = origin + ((long)Math.Min(row, rows - 1) * ld);
        quad.A = -c[at + Math.Min(column, columns - 1)];
        quad.B = -c[at + Math.Min(column + 16, columns - 1)];
        quad.C = -c[at + Math.Min(column + 32, columns - 1)];
        quad.D = -c[at + Math.Min(column + 48, columns - 1)];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow(ArrayView<double> c, long origin, int ld, int row, int rows, int columns, bool lower, double scale, in DoubleQuad quad)
    {
        int column = Group.IdxX & 15;
        int end = row < rows ? (lower ? Math.Min(columns, row + 1) : columns) : 0;
        long at = origin + ((long)row * ld) + column;
        if (column < end) c[at] = scale * quad.A;
        if (column + 16 < end) c[at + 16] = scale * quad.B;
        if (column + 32 < end) c[at + 32] = scale * quad.C;
        if (column + 48 < end) c[at + 48] = scale * quad.D;
    }
}
