using System.Runtime.CompilerServices;
using ILGPU;
using static GracefulKernels.Kernels.CholeskyEliminationGpu;

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
        if (size > 0) LoadLower(p, Pitch, 1, g.A, origin, g.Lda, size);
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
            bad = bad >= 0 || good ? bad : j;
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
        LoadLower(p, 1, Pitch, g.A, origin, g.Lda, size);
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
