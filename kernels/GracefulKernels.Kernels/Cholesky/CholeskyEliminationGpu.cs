using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// One step after another of the elimination of a block in shared memory, whose live part is in registers, for a group of 256 threads: what
/// <see cref="CholeskyBlockGpuKernels"/> are made of.
/// </summary>
internal static class CholeskyEliminationGpu
{
    private const int Size = DoubleTileGpu.Size;

    /// <summary>Distance of the shared block's rows: odd, so that neither rows nor columns meet in one bank.</summary>
    public const int Pitch = Size + 1;

    /// <summary>A thread's columns tx, tx + 16, … of its four rows.</summary>
    internal struct Tile
    {
        public DoubleQuad R0, R1, R2, R3;
    }

    /// <summary>The lower triangle of a block to element (row · <paramref name="rowPitch"/>, column · <paramref name="columnPitch"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadLower(ArrayView<double> p, int rowPitch, int columnPitch, ArrayView<double> source, long origin, int lda, int size)
    {
        const int Rows = GpuKernels.GroupSize / Size;
        int column = Group.IdxX & 63;
        // Eight loads are on their way before the first is waited for.
        for (int i = Group.IdxX >> 6; i < Size; i += 8 * Rows)
        {
            double a = Lower(source, origin, lda, i, column, size), b = Lower(source, origin, lda, i + Rows, column, size);
            double c = Lower(source, origin, lda, i + (2 * Rows), column, size), d = Lower(source, origin, lda, i + (3 * Rows), column, size);
            double e = Lower(source, origin, lda, i + (4 * Rows), column, size), f = Lower(source, origin, lda, i + (5 * Rows), column, size);
            double h = Lower(source, origin, lda, i + (6 * Rows), column, size), l = Lower(source, origin, lda, i + (7 * Rows), column, size);
            int at = (i * rowPitch) + (column * columnPitch), step = Rows * rowPitch;
            if (column <= i) p[at] = a;
            if (column <= i + Rows) p[at + step] = b;
            if (column <= i + (2 * Rows)) p[at + (2 * step)] = c;
            if (column <= i + (3 * Rows)) p[at + (3 * step)] = d;
            if (column <= i + (4 * Rows)) p[at + (4 * step)] = e;
            if (column <= i + (5 * Rows)) p[at + (5 * step)] = f;
            if (column <= i + (6 * Rows)) p[at + (6 * step)] = h;
            if (column <= i + (7 * Rows)) p[at + (7 * step)] = l;
        }
    }

    /// <summary>An element of the lower triangle; outside it or behind the last row another one, which nobody uses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Lower(ArrayView<double> source, long origin, int lda, int row, int column, int size)
    {
        int r = Math.Min(row, size - 1);
        return source[origin + ((long)r * lda) + Math.Min(column, r)];
    }

    /// <summary>Row of the symmetric block from its lower triangle; zeros outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadRow(ref DoubleQuad quad, ArrayView<double> p, int row, int column, int size)
    {
        quad.A = Symmetric(p, row, column, size);
        quad.B = Symmetric(p, row, column + 16, size);
        quad.C = Symmetric(p, row, column + 32, size);
        quad.D = Symmetric(p, row, column + 48, size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Symmetric(ArrayView<double> p, int row, int column, int size)
    {
        int high = Math.Max(row, column);
        double value = p[(high * Pitch) + Math.Min(row, column)];
        return high < size ? value : 0.0;
    }

    /// <summary>Row j of L̃⁻¹, which is final, from the threads that hold it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PublishRow(ArrayView<double> p, in Tile x, int j, int row, int column)
    {
        if (row != (j & ~3)) return;
        int r = j & 3, at = (j * Pitch) + column;
        double a = Choose(r, x.R0.A, x.R1.A, x.R2.A, x.R3.A), b = Choose(r, x.R0.B, x.R1.B, x.R2.B, x.R3.B);
        double c = Choose(r, x.R0.C, x.R1.C, x.R2.C, x.R3.C), d = Choose(r, x.R0.D, x.R1.D, x.R2.D, x.R3.D);
        if (column < j) p[at] = a;
        if (column + 16 < j) p[at + 16] = b;
        if (column + 32 < j) p[at + 32] = c;
        if (column + 48 < j) p[at + 48] = d;
    }

    /// <summary>Column j of S from the diagonal on; the registers take up column j of the inverse.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PublishColumn(ArrayView<double> p, ref Tile x, int j, int row)
    {
        int q = j >> 4, at = (j * Pitch) + row;
        double a = Take(ref x.R0, q), b = Take(ref x.R1, q), c = Take(ref x.R2, q), d = Take(ref x.R3, q);
        if (row >= j) p[at] = a;
        if (row + 1 >= j) p[at + 1] = b;
        if (row + 2 >= j) p[at + 2] = c;
        if (row + 3 >= j) p[at + 3] = d;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Choose(int index, double a, double b, double c, double d)
    {
        double low = index == 0 ? a : b, high = index == 2 ? c : d;
        return index < 2 ? low : high;
    }

    /// <summary>Column q of a row, which is then zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Take(ref DoubleQuad quad, int q)
    {
        double value = Choose(q, quad.A, quad.B, quad.C, quad.D);
        quad.A = q == 0 ? 0.0 : quad.A;
        quad.B = q == 1 ? 0.0 : quad.B;
        quad.C = q == 2 ? 0.0 : quad.C;
        quad.D = q == 3 ? 0.0 : quad.D;
        return value;
    }

    /// <summary>What the rows below take off, each times its factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleQuad Line(ArrayView<double> p, int j, int column)
    {
        int at = (j * Pitch) + column;
        DoubleQuad line = default;
        line.A = Passed(p[at], column == j);
        line.B = Passed(p[at + 16], column + 16 == j);
        line.C = Passed(p[at + 32], column + 32 == j);
        line.D = Passed(p[at + 48], column + 48 == j);
        return line;
    }

    /// <summary>The diagonal of L̃⁻¹ is one; the shared block has the pivot in its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Passed(double value, bool diagonal) => diagonal ? 1.0 : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eliminate(ref Tile x, ArrayView<double> p, int j, int row, double reciprocal, in DoubleQuad line)
    {
        int at = (j * Pitch) + row;
        x.R0.Add(Negative(p[at] * reciprocal, row > j), line);
        x.R1.Add(Negative(p[at + 1] * reciprocal, row + 1 > j), line);
        x.R2.Add(Negative(p[at + 2] * reciprocal, row + 2 > j), line);
        x.R3.Add(Negative(p[at + 3] * reciprocal, row + 3 > j), line);
    }

    /// <summary>What a row is to add of another; none above the next row. A choice of values, so that no thread waits for others in a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Negative(double factor, bool below) => below ? -factor : 0.0;
}
