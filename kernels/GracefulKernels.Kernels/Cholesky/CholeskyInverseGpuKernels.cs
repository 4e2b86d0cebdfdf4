using System.Runtime.CompilerServices;
using ILGPU;
using ByLine = GracefulKernels.Kernels.DoubleTileGpu.ByLine;
using ByStep = GracefulKernels.Kernels.DoubleTileGpu.ByStep;
using Operand = GracefulKernels.Kernels.DoubleTileGpu.Operand;
using Sums = GracefulKernels.Kernels.DoubleTileGpu.Sums;

namespace GracefulKernels.Kernels;

/// <summary>
/// The inverse M of a factor and MᵀM in the place of the matrix. M is built by doubling: of two neighbouring inverses M₁, M₂ and the square L₂₁ below M₁
/// becomes M₂₁ = −M₂·(L₂₁·M₁), all pairs at once. The triangle above the diagonal is free until the end: it takes the product in brackets, transposed, and
/// then MᵀM, whose diagonal tiles wait in scratch memory until nobody reads M any more.
/// </summary>
internal static class CholeskyInverseGpuKernels
{
    public static readonly GpuKernel<InverseArguments> First = new(FirstTile, DoubleTileGpu.Threads);
    public static readonly GpuKernel<InverseArguments> Second = new(SecondTile, DoubleTileGpu.Threads);
    public static readonly GpuKernel<InverseArguments> Square = new(SquareTile, DoubleTileGpu.Threads);
    public static readonly GpuKernel<InverseArguments> Mirror = new(MirrorTile);

    private const int Size = DoubleTileGpu.Size;

    internal struct InverseArguments
    {
        public ArrayView<double> A;
        public long Stride;
        public int Lda, N;

        /// <summary>Block rows of a matrix.</summary>
        public int Blocks;

        /// <summary>Blocks on either side of a pair (those of its second half may be fewer), and the pairs of a matrix.</summary>
        public int Half, Pairs;

        /// <summary>Tiles of a triangle of blocks.</summary>
        public int Tiles;

        /// <summary>The diagonal tiles of MᵀM, 64 × 64 each.</summary>
        public ArrayView<double> Diagonal;
    }

    /// <summary>Tile (i, j) of the square below the first half of a pair.</summary>
    private struct PairTile
    {
        public long Matrix;

        /// <summary>The block that begins the second half.</summary>
        public int Middle;
        public int I, J;
        public bool Exists;
    }

    /// <summary>Above the diagonal at (j, i): (Σₖ Lᵢₖ·Mₖⱼ)ᵀ, k from j to the end of the first half.</summary>
    private static void FirstTile(InverseArguments g)
    {
        PairTile t = Find(g);
        int columns = Math.Min(Size, g.N - (t.I * Size));
        Sums sums = default;
        DoubleTileGpu.Multiply<ByStep, ByLine>(
            ref sums,
            new Operand(g.A, At(g, t.Matrix, t.J, t.J), g.Lda, Size),
            new Operand(g.A, At(g, t.Matrix, t.I, t.J), g.Lda, columns),
            t.Exists ? (t.Middle - t.J) * Size : 0);
        DoubleTileGpu.Store(g.A, At(g, t.Matrix, t.J, t.I), g.Lda, t.Exists ? Size : 0, columns, lower: false, 1.0, sums);
    }

    /// <summary>Mᵢⱼ = −Σₖ Mᵢₖ·(what the first kernel left above the diagonal at (j, k))ᵀ, k from the second half's first block to i.</summary>
    private static void SecondTile(InverseArguments g)
    {
        PairTile t = Find(g);
        int rows = Math.Min(Size, g.N - (t.I * Size));
        Sums sums = default;
        DoubleTileGpu.Multiply<ByLine, ByLine>(
            ref sums,
            new Operand(g.A, At(g, t.Matrix, t.I, t.Middle), g.Lda, rows),
            new Operand(g.A, At(g, t.Matrix, t.J, t.Middle), g.Lda, Size),
            t.Exists ? ((t.I - t.Middle) * Size) + rows : 0);
        DoubleTileGpu.Store(g.A, At(g, t.Matrix, t.I, t.J), g.Lda, t.Exists ? rows : 0, Size, lower: false, -1.0, sums);
    }

    /// <summary>Tile (j, i), j ≤ i, of MᵀM: Σₖ Mₖⱼᵀ·Mₖᵢ, k from i on. Long sums begin first.</summary>
    private static void SquareTile(InverseArguments g)
    {
        int matrix = Grid.IdxX / g.Tiles, tile = Grid.IdxX % g.Tiles;
        int i = CholeskyGpuKernels.TriangleRow(tile), j = tile - (i * (i + 1) / 2);
        int columns = Math.Min(Size, g.N - (i * Size));
        long first = matrix * g.Stride;
        Sums sums = default;
        DoubleTileGpu.Multiply<ByStep, ByStep>(
            ref sums,
            new Operand(g.A, At(g, first, i, j), g.Lda, Math.Min(Size, g.N - (j * Size))),
            new Operand(g.A, At(g, first, i, i), g.Lda, columns),
            g.N - (i * Size));
        if (i == j) DoubleTileGpu.Store(g.Diagonal, (((long)matrix * g.Blocks) + i) * Size * Size, Size, Size, Size, lower: false, 1.0, sums);
        else DoubleTileGpu.Store(g.A, At(g, first, j, i), g.Lda, Size, columns, lower: false, 1.0, sums);
    }

    /// <summary>The lower triangle from the upper, and the diagonal tiles.</summary>
    private static void MirrorTile(InverseArguments g)
    {
        const int Pitch = Size + 1;
        ArrayView<double> shared = SharedMemory.Allocate<double>(Size * Pitch);
        int matrix = Grid.IdxX / g.Tiles, tile = Grid.IdxX % g.Tiles;
        int i = CholeskyGpuKernels.TriangleRow(tile), j = tile - (i * (i + 1) / 2);
        int rows = Math.Min(Size, g.N - (i * Size)), columns = Math.Min(Size, g.N - (j * Size));
        long first = matrix * g.Stride;
        long upper = At(g, first, j, i), lower = At(g, first, i, j), diagonal = (((long)matrix * g.Blocks) + i) * Size * Size;
        int line = Group.IdxX >> 6, element = Group.IdxX & 63;
        for (int r = line; r < Size; r += GpuKernels.GroupSize / Size)
        {
            if (r < columns && element < rows) shared[(r * Pitch) + element] = i == j ? g.Diagonal[diagonal + (r * Size) + element] : g.A[upper + ((long)r * g.Lda) + element];
        }
        Group.Barrier();
        for (int r = line; r < Size; r += GpuKernels.GroupSize / Size)
        {
            if (r < rows && element < columns) g.A[lower + ((long)r * g.Lda) + element] = shared[(element * Pitch) + r];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PairTile Find(in InverseArguments g)
    {
        int square = g.Half * g.Half, rest = Grid.IdxX / square, tile = Grid.IdxX % square;
        PairTile t = default;
        t.Matrix = rest / g.Pairs * g.Stride;
        t.Middle = (((rest % g.Pairs) * 2) + 1) * g.Half;
        t.I = t.Middle + (tile / g.Half);
        t.J = t.Middle - g.Half + (tile % g.Half);
        // The last pair's second half may be cut: what is not there does nothing.
        t.Exists = t.I < g.Blocks;
        t.I = Math.Min(t.I, g.Blocks - 1);
        return t;
    }

    /// <summary>Where the tile in block row <paramref name="row"/> and block column <paramref name="column"/> begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long At(in InverseArguments g, long matrix, int row, int column) => matrix + ((long)row * Size * g.Lda) + (column * Size);
}
