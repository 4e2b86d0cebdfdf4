using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// The diagonal blocks of a factorisation, 64 × 64 in one group: factor and inverse of the factor by one elimination. Column after column is taken from
/// the rows below it, in [S | I]: of S remain the columns behind it, of I those that have been passed, so that one tile of registers, 4 × 4 a thread, holds
/// both. Pivots stay undivided (L̃·D·L̃ᵀ) until the end: a step is a division, a barrier and 16 multiply-adds a thread, with no root to wait for.
/// </summary>
/// <remarks>
/// Row j of the shared block is written at step j and no more: left of its diagonal row j of L̃⁻¹, from there on column j of S = d·L̃. So one barrier a
/// step is enough. In-place inversion of a factor given is the same elimination with columns of S that are known from the beginning.
/// </remarks>
internal static class CholeskyBlockGpuKernels
{
    public const int Size = DoubleTileGpu.Size;

    public static readonly GpuKernel<BlockArguments> Factor = new(FactorBlock);
    public static readonly GpuKernel<BlockArguments> Invert = new(InvertBlock);
    public static readonly GpuKernel<BlockArguments> InvertAll = new(InvertMatrix);

    private const int Pitch = Size + 1;

    internal struct BlockArguments
    {
        /// <summary>The matrices; rows <see cref="Lda"/> apart, matrices <see cref="Stride"/>.</summary>
        public ArrayView<double> A;
        public long Stride;
        public int Lda, N;

        /// <summary>The first block, and blocks of each matrix: one group each.</summary>
        public int FirstBlock, Blocks;

        /// <summary>Where inverses of the factor's blocks go, zeros above their diagonal; empty where nobody wants them. May be A itself.</summary>
        public ArrayView<double> Inverses;
        public long InverseStride, InverseBlockStride;
        public int InverseLd;

        /// <summary>Of each matrix −1, or its first bad column.</summary>
        public ArrayView<int> Pivots;
    }

    /// <summary>A thread's columns tx, tx + 16, … of its four rows.</summary>
    private struct Tile
    {
        public DoubleQuad R0, R1, R2, R3;
    }

    private static void FactorBlock(BlockArguments g)
    {
        ArrayView<double> p = SharedMemory.Allocate<double>(Size * Pitch);
        ArrayView<double> roots = SharedMemory.Allocate<double>(Size);
        int matrix = Grid.IdxX, block = g.FirstBlock;
        long origin = (matrix * g.Stride) + ((long)block * Size * (g.Lda + 1L));
        // A matrix that has failed before takes no more steps and writes nothing.
        bool failed = block > 0 && g.Pivots[matrix] >= 0;
        int size = failed ? 0 : Math.Min(Size, g.N - (block * Size));
        int column = Group.IdxX & 15, row = (Group.IdxX >> 4) * 4;
        for (int e = Group.IdxX; e < Size * Size; e += GpuKernels.GroupSize)
        {
            int i = e >> 6, k = e & 63;
            if (i < size && k <= i) p[(i * Pitch) + k] = g.A[origin + ((long)i * g.Lda) + k];
        }
        Group.Barrier();
        Tile x = default;
        LoadRow(ref x.R0, p, row, column, size);
        LoadRow(ref x.R1, p, row + 1, column, size);
        LoadRow(ref x.R2, p, row + 2, column, size);
        LoadRow(ref x.R3, p, row + 3, column, size);
        Group.Barrier();
        int bad = -1;
        for (int j = 0; j < size; j++)
        {
            PublishRow(p, x, j, row, column);
            if (column == (j & 15)) PublishColumn(p, ref x, j, row);
            Group.Barrier();
            double pivot = p[(j * Pitch) + j];
            bool good = pivot > 0.0 && pivot < double.PositiveInfinity;
            if (bad < 0 && !good) bad = j;
            DoubleQuad line = Line(p, j, column);
            Eliminate(ref x, p, j, row, 1.0 / pivot, line);
        }
        if (Group.IdxX < size) roots[Group.IdxX] = 1.0 / Math.Sqrt(p[Group.IdxX * (Pitch + 1)]);
        Group.Barrier();
        for (int e = Group.IdxX; e < Size * Size; e += GpuKernels.GroupSize)
        {
            int i = e >> 6, k = e & 63;
            if (i < size && k <= i) g.A[origin + ((long)i * g.Lda) + k] = p[(k * Pitch) + i] * roots[k];
        }
        if (g.Inverses.Length > 0) StoreInverse(g, p, roots, matrix, block, size);
        if (Group.IdxX == 0 && !failed && (block == 0 || bad >= 0)) g.Pivots[matrix] = bad < 0 ? -1 : (block * Size) + bad;
    }

    private static void InvertBlock(BlockArguments g)
    {
        ArrayView<double> p = SharedMemory.Allocate<double>(Size * Pitch);
        ArrayView<double> scales = SharedMemory.Allocate<double>(Size);
        int matrix = Grid.IdxX / g.Blocks, block = g.FirstBlock + (Grid.IdxX % g.Blocks);
        int size = Math.Min(Size, g.N - (block * Size));
        InvertShared(g, p, scales, (matrix * g.Stride) + ((long)block * Size * (g.Lda + 1L)), size);
        StoreInverse(g, p, scales, matrix, block, size);
    }

    /// <summary>A whole matrix of one block: the inverse M of its factor, and MᵀM.</summary>
    private static void InvertMatrix(BlockArguments g)
    {
        ArrayView<double> p = SharedMemory.Allocate<double>(Size * Pitch);
        ArrayView<double> scales = SharedMemory.Allocate<double>(Size);
        long origin = Grid.IdxX * g.Stride;
        InvertShared(g, p, scales, origin, g.N);
        for (int e = Group.IdxX; e < Size * Size; e += GpuKernels.GroupSize)
        {
            int i = e >> 6, k = e & 63;
            if (i < g.N) p[(i * Pitch) + k] = k < i ? p[(i * Pitch) + k] * scales[i] : k == i ? scales[i] : 0.0;
        }
        Group.Barrier();
        int column = Group.IdxX & 15, row = (Group.IdxX >> 4) * 4;
        Tile sums = default;
        // Row after row of M from the first that has anything in the tile's rows.
        for (int r = row; r < g.N; r++)
        {
            DoubleQuad line = default;
            line.A = p[(r * Pitch) + column];
            line.B = p[(r * Pitch) + column + 16];
            line.C = p[(r * Pitch) + column + 32];
            line.D = p[(r * Pitch) + column + 48];
            sums.R0.Add(p[(r * Pitch) + row], line);
            sums.R1.Add(p[(r * Pitch) + row + 1], line);
            sums.R2.Add(p[(r * Pitch) + row + 2], line);
            sums.R3.Add(p[(r * Pitch) + row + 3], line);
        }
        StoreRow(g, origin, row, column, sums.R0);
        StoreRow(g, origin, row + 1, column, sums.R1);
        StoreRow(g, origin, row + 2, column, sums.R2);
        StoreRow(g, origin, row + 3, column, sums.R3);
    }

    /// <summary>Rows of L̃⁻¹ left of the diagonal of <paramref name="p"/>, and what they are to be multiplied by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InvertShared(in BlockArguments g, ArrayView<double> p, ArrayView<double> scales, long origin, int size)
    {
        int column = Group.IdxX & 15, row = (Group.IdxX >> 4) * 4;
        for (int e = Group.IdxX; e < Size * Size; e += GpuKernels.GroupSize)
        {
            int i = e >> 6, k = e & 63;
            if (i < size && k <= i) p[(k * Pitch) + i] = g.A[origin + ((long)i * g.Lda) + k];
        }
        Tile x = default;
        Group.Barrier();
        if (Group.IdxX < size) scales[Group.IdxX] = 1.0 / p[Group.IdxX * (Pitch + 1)];
        for (int j = 0; j < size; j++)
        {
            PublishRow(p, x, j, row, column);
            Group.Barrier();
            DoubleQuad line = Line(p, j, column);
            if (column > j) line.A = 0.0;
            if (column + 16 > j) line.B = 0.0;
            if (column + 32 > j) line.C = 0.0;
            if (column + 48 > j) line.D = 0.0;
            Eliminate(ref x, p, j, row, scales[j], line);
        }
        Group.Barrier();
    }

    /// <summary>Row of the symmetric block from its lower triangle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRow(ref DoubleQuad quad, ArrayView<double> p, int row, int column, int size)
    {
        if (row >= size) return;
        if (column < size) quad.A = p[(Math.Max(row, column) * Pitch) + Math.Min(row, column)];
        if (column + 16 < size) quad.B = p[(Math.Max(row, column + 16) * Pitch) + Math.Min(row, column + 16)];
        if (column + 32 < size) quad.C = p[(Math.Max(row, column + 32) * Pitch) + Math.Min(row, column + 32)];
        if (column + 48 < size) quad.D = p[(Math.Max(row, column + 48) * Pitch) + Math.Min(row, column + 48)];
    }

    /// <summary>Row j of L̃⁻¹, which is final, from the threads that hold it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PublishRow(ArrayView<double> p, in Tile x, int j, int row, int column)
    {
        if (row != (j & ~3)) return;
        int r = j & 3, at = (j * Pitch) + column;
        if (column < j) p[at] = r == 0 ? x.R0.A : r == 1 ? x.R1.A : r == 2 ? x.R2.A : x.R3.A;
        if (column + 16 < j) p[at + 16] = r == 0 ? x.R0.B : r == 1 ? x.R1.B : r == 2 ? x.R2.B : x.R3.B;
        if (column + 32 < j) p[at + 32] = r == 0 ? x.R0.C : r == 1 ? x.R1.C : r == 2 ? x.R2.C : x.R3.C;
        if (column + 48 < j) p[at + 48] = r == 0 ? x.R0.D : r == 1 ? x.R1.D : r == 2 ? x.R2.D : x.R3.D;
    }

    /// <summary>Column j of S from the diagonal on; the registers take up column j of the inverse.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PublishColumn(ArrayView<double> p, ref Tile x, int j, int row)
    {
        int q = j >> 4, at = (j * Pitch) + row;
        if (row >= j) p[at] = Take(ref x.R0, q);
        else Take(ref x.R0, q);
        if (row + 1 >= j) p[at + 1] = Take(ref x.R1, q);
        else Take(ref x.R1, q);
        if (row + 2 >= j) p[at + 2] = Take(ref x.R2, q);
        else Take(ref x.R2, q);
        if (row + 3 >= j) p[at + 3] = Take(ref x.R3, q);
        else Take(ref x.R3, q);
    }

    /// <summary>Column q of a row, which is then zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Take(ref DoubleQuad quad, int q)
    {
        double value = q == 0 ? quad.A : q == 1 ? quad.B : q == 2 ? quad.C : quad.D;
        quad.A = q == 0 ? 0.0 : quad.A;
        quad.B = q == 1 ? 0.0 : quad.B;
        quad.C = q == 2 ? 0.0 : quad.C;
        quad.D = q == 3 ? 0.0 : quad.D;
        return value;
    }

    /// <summary>What the rows below take off, each times its factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DoubleQuad Line(ArrayView<double> p, int j, int column)
    {
        int at = (j * Pitch) + column;
        DoubleQuad line = default;
        line.A = column == j ? 1.0 : p[at];
        line.B = column + 16 == j ? 1.0 : p[at + 16];
        line.C = column + 32 == j ? 1.0 : p[at + 32];
        line.D = column + 48 == j ? 1.0 : p[at + 48];
        return line;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eliminate(ref Tile x, ArrayView<double> p, int j, int row, double reciprocal, in DoubleQuad line)
    {
        int at = (j * Pitch) + row;
        if (row > j) x.R0.Add(-(p[at] * reciprocal), line);
        if (row + 1 > j) x.R1.Add(-(p[at + 1] * reciprocal), line);
        if (row + 2 > j) x.R2.Add(-(p[at + 2] * reciprocal), line);
        if (row + 3 > j) x.R3.Add(-(p[at + 3] * reciprocal), line);
    }

    /// <summary>L⁻¹ = D^(−½)·L̃⁻¹ (or D⁻¹·L̃⁻¹ for a factor given), zeros above its diagonal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreInverse(in BlockArguments g, ArrayView<double> p, ArrayView<double> scales, int matrix, int block, int size)
    {
        long origin = (matrix * g.InverseStride) + (block * g.InverseBlockStride);
        for (int e = Group.IdxX; e < Size * Size; e += GpuKernels.GroupSize)
        {
            int i = e >> 6, k = e & 63;
            if (i < size && k < size)
            {
                g.Inverses[origin + ((long)i * g.InverseLd) + k] = k < i ? p[(i * Pitch) + k] * scales[i] : k == i ? scales[i] : 0.0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow(in BlockArguments g, long origin, int row, int column, in DoubleQuad quad)
    {
        if (row >= g.N) return;
        long at = origin + ((long)row * g.Lda) + column;
        if (column < g.N) g.A[at] = quad.A;
        if (column + 16 < g.N) g.A[at + 16] = quad.B;
        if (column + 32 < g.N) g.A[at + 32] = quad.C;
        if (column + 48 < g.N) g.A[at + 48] = quad.D;
    }
}
