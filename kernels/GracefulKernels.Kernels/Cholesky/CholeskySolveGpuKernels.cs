using System.Runtime.CompilerServices;
using ILGPU;
using ByLine = GracefulKernels.Kernels.DoubleTileGpu.ByLine;
using ByStep = GracefulKernels.Kernels.DoubleTileGpu.ByStep;
using Operand = GracefulKernels.Kernels.DoubleTileGpu.Operand;
using Sums = GracefulKernels.Kernels.DoubleTileGpu.Sums;

namespace GracefulKernels.Kernels;

/// <summary>
/// Substitution with a factor, by blocks of 64 rows of the right-hand sides: a block is solved by the inverse of its diagonal block, then taken off all
/// that are left. One group for 64 × 64 of them. Forwards with L, backwards with Lᵀ.
/// </summary>
internal static class CholeskySolveGpuKernels
{
    public static readonly GpuKernel<SolveArguments> Solve = new(SolveForwards, DoubleTileGpu.Threads);
    public static readonly GpuKernel<SolveArguments> SolveBack = new(SolveBackwards, DoubleTileGpu.Threads);
    public static readonly GpuKernel<SolveArguments> Update = new(UpdateForwards, DoubleTileGpu.Threads);
    public static readonly GpuKernel<SolveArguments> UpdateBack = new(UpdateBackwards, DoubleTileGpu.Threads);

    private const int Size = DoubleTileGpu.Size;

    internal struct SolveArguments
    {
        /// <summary>The factor.</summary>
        public ArrayView<double> A;
        public int Lda, N;

        /// <summary>Inverses of its diagonal blocks, 64 × 64 each.</summary>
        public ArrayView<double> Inverses;

        /// <summary>The right-hand sides.</summary>
        public ArrayView<double> B;
        public int Ldb, Columns;

        /// <summary>Tiles of 64 columns.</summary>
        public int ColumnTiles;

        /// <summary>The block that is, or has been, solved.</summary>
        public int Block;
    }

    private static void SolveForwards(SolveArguments g) => SolveTile<ByLine>(g);

    private static void SolveBackwards(SolveArguments g) => SolveTile<ByStep>(g);

    private static void UpdateForwards(SolveArguments g)
    {
        int row = g.Block + 1 + (Grid.IdxX / g.ColumnTiles);
        UpdateTile<ByLine>(g, row, ((long)row * Size * g.Lda) + (g.Block * Size));
    }

    private static void UpdateBackwards(SolveArguments g)
    {
        int row = Grid.IdxX / g.ColumnTiles;
        UpdateTile<ByStep>(g, row, ((long)g.Block * Size * g.Lda) + (row * Size));
    }

    /// <summary>Bₖ = Lₖₖ⁻¹·Bₖ, or with its transpose, in place: a group reads no columns but its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SolveTile<TLayout>(in SolveArguments g) where TLayout : unmanaged, DoubleTileGpu.ILayout
    {
        int first = Grid.IdxX * Size, columns = Math.Min(Size, g.Columns - first);
        int rows = Math.Min(Size, g.N - (g.Block * Size));
        long origin = ((long)g.Block * Size * g.Ldb) + first;
        Sums sums = default;
        DoubleTileGpu.Multiply<TLayout, ByStep>(
            ref sums,
            new Operand(g.Inverses, (long)g.Block * Size * Size, Size, rows),
            new Operand(g.B, origin, g.Ldb, columns),
            rows);
        DoubleTileGpu.Store(g.B, origin, g.Ldb, rows, columns, lower: false, 1.0, sums);
    }

    /// <summary>Bᵢ −= (the factor's block at <paramref name="factor"/>, or its transpose)·Bₖ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UpdateTile<TLayout>(in SolveArguments g, int row, long factor) where TLayout : unmanaged, DoubleTileGpu.ILayout
    {
        int first = Grid.IdxX % g.ColumnTiles * Size, columns = Math.Min(Size, g.Columns - first);
        int rows = Math.Min(Size, g.N - (row * Size)), solved = Math.Min(Size, g.N - (g.Block * Size));
        long target = ((long)row * Size * g.Ldb) + first;
        Sums sums = DoubleTileGpu.Negative(g.B, target, g.Ldb, rows, columns);
        DoubleTileGpu.Multiply<TLayout, ByStep>(
            ref sums,
            new Operand(g.A, factor, g.Lda, rows),
            new Operand(g.B, ((long)g.Block * Size * g.Ldb) + first, g.Ldb, columns),
            solved);
        DoubleTileGpu.Store(g.B, target, g.Ldb, rows, columns, lower: false, -1.0, sums);
    }
}
