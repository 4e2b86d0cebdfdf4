using System.Runtime.CompilerServices;
using ILGPU;
using ByLine = GracefulKernels.Kernels.DoubleTileGpu.ByLine;
using Operand = GracefulKernels.Kernels.DoubleTileGpu.Operand;
using Sums = GracefulKernels.Kernels.DoubleTileGpu.Sums;

namespace GracefulKernels.Kernels;

/// <summary>What follows a diagonal block of a factorisation: the blocks below it, and what they take off the columns behind. One group a tile.</summary>
internal static class CholeskyGpuKernels
{
    public static readonly GpuKernel<FactorArguments> Panel = new(PanelTile, DoubleTileGpu.Threads);
    public static readonly GpuKernel<FactorArguments> Update = new(UpdateTile, DoubleTileGpu.Threads);

    private const int Size = DoubleTileGpu.Size;

    internal struct FactorArguments
    {
        public ArrayView<double> A;
        public long Stride;
        public int Lda, N;

        /// <summary>Inverses of the matrices' current diagonal blocks, 64 × 64 each.</summary>
        public ArrayView<double> Inverses;

        /// <summary>The first block of factor columns, and how many follow one another.</summary>
        public int FirstBlock, Blocks;

        /// <summary>The first block to be updated, its block columns, and the tiles of a matrix.</summary>
        public int FirstUpdated, UpdatedColumns, Tiles;

        public ArrayView<int> Pivots;
    }

    /// <summary>Lᵢₖ = Aᵢₖ·Lₖₖ⁻ᵀ, in place: a group reads no tile but its own.</summary>
    private static void PanelTile(FactorArguments g)
    {
        int matrix = Grid.IdxX / g.Tiles, tile = g.FirstBlock + 1 + (Grid.IdxX % g.Tiles);
        bool failed = g.Pivots[matrix] >= 0;
        int rows = Math.Min(Size, g.N - (tile * Size));
        long origin = (matrix * g.Stride) + ((long)tile * Size * g.Lda) + (g.FirstBlock * Size);
        Sums sums = default;
        DoubleTileGpu.Multiply<ByLine, ByLine>(
            ref sums,
            new Operand(g.A, origin, g.Lda, rows),
            new Operand(g.Inverses, (long)matrix * Size * Size, Size, Size),
            failed ? 0 : Size);
        DoubleTileGpu.Store(g.A, origin, g.Lda, failed ? 0 : rows, Size, lower: false, 1.0, sums);
    }

    /// <summary>Aᵢⱼ −= Lᵢ·Lⱼᵀ for the tiles i ≥ j of some block columns: a triangle, and below it a rectangle.</summary>
    private static void UpdateTile(FactorArguments g)
    {
        int matrix = Grid.IdxX / g.Tiles, tile = Grid.IdxX % g.Tiles;
        int triangle = g.UpdatedColumns * (g.UpdatedColumns + 1) / 2;
        int i, j;
        if (tile < triangle)
        {
            i = TriangleRow(tile);
            j = tile - (i * (i + 1) / 2);
        }
        else
        {
            i = g.UpdatedColumns + ((tile - triangle) / g.UpdatedColumns);
            j = (tile - triangle) % g.UpdatedColumns;
        }
        i += g.FirstUpdated;
        j += g.FirstUpdated;
        bool failed = g.Pivots[matrix] >= 0;
        int rows = Math.Min(Size, g.N - (i * Size)), columns = Math.Min(Size, g.N - (j * Size));
        long first = matrix * g.Stride;
        long rowOrigin = first + ((long)i * Size * g.Lda), columnOrigin = first + ((long)j * Size * g.Lda), target = rowOrigin + (j * Size);
        Sums sums = DoubleTileGpu.Negative(g.A, target, g.Lda, rows, columns);
        DoubleTileGpu.Multiply<ByLine, ByLine>(
            ref sums,
            new Operand(g.A, rowOrigin + (g.FirstBlock * Size), g.Lda, rows),
            new Operand(g.A, columnOrigin + (g.FirstBlock * Size), g.Lda, columns),
            failed ? 0 : g.Blocks * Size);
        DoubleTileGpu.Store(g.A, target, g.Lda, failed ? 0 : rows, columns, i == j, -1.0, sums);
    }

    /// <summary>The row of element <paramref name="index"/> of a lower triangle that is counted row by row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int TriangleRow(int index)
    {
        int row = (int)((Math.Sqrt((8.0 * index) + 1.0) - 1.0) * 0.5);
        if (row * (row + 1) / 2 > index) row--;
        if ((row + 1) * (row + 2) / 2 <= index) row++;
        return row;
    }
}
