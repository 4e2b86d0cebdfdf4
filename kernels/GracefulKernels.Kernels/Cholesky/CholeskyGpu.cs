using System.Diagnostics;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <remarks>
/// One matrix is a batch of one, so that a batch is its matrices one by one, bit for bit. Nothing is asked of the device between the first launch and the
/// last: a matrix that fails says so in its pivot on the device, and later kernels pass it by.
/// </remarks>
internal sealed partial class GpuKernels
{
    /// <summary>
    /// Blocks of columns after which what is behind them is updated, with all of them at once: a tile is then read and written once for 256 columns and
    /// not for 64. Columns among them are updated after each block.
    /// </summary>
    private const int CholeskyOuterBlocks = 4;

    private const int CholeskyBlock = CholeskyBlockGpuKernels.Size;

    public int CholeskyFactor(int n, Block<double> a, int lda)
    {
        using GpuCall call = Begin();
        ArrayView<int> pivots = call.Scratch<int>(GpuScratch.Pivots, 1);
        Factor(call, 1, n, call.Update(a), lda, 0, pivots);
        Span<int> pivot = stackalloc int[1];
        call.Fetch(pivots, pivot);
        return pivot[0];
    }

    public void CholeskyInverse(int n, Block<double> a, int lda) => CholeskyInverseBatch(1, n, a, lda, 0);

    public void CholeskyFactorBatch(int count, int n, Block<double> a, int lda, long stride, Block<int> pivots)
    {
        using GpuCall call = Begin();
        Factor(call, count, n, call.Update(a), lda, stride, call.Write(pivots.Slice(0, count)));
    }

    public void CholeskyInverseBatch(int count, int n, Block<double> a, int lda, long stride)
    {
        Debug.Assert(lda >= n);
        if (n == 0 || count == 0) return;
        using GpuCall call = Begin();
        ArrayView<double> view = call.Update(a);
        int blocks = CholeskyBlocks(n);
        CholeskyBlockGpuKernels.BlockArguments diagonal = new()
        {
            A = view, Stride = stride, Lda = lda, N = n, Blocks = blocks,
            Inverses = view, InverseStride = stride, InverseBlockStride = CholeskyBlock * (lda + 1L), InverseLd = lda,
        };
        if (blocks == 1)
        {
            call.Launch(CholeskyBlockGpuKernels.InvertAll, count, diagonal);
            return;
        }
        call.Launch(CholeskyBlockGpuKernels.Invert, checked(count * blocks), diagonal);
        CholeskyInverseGpuKernels.InverseArguments g = new()
        {
            A = view, Stride = stride, Lda = lda, N = n, Blocks = blocks, Tiles = blocks * (blocks + 1) / 2,
            Diagonal = call.Scratch<double>(GpuScratch.Cholesky, (long)count * blocks * CholeskyBlock * CholeskyBlock),
        };
        for (g.Half = 1; g.Half < blocks; g.Half *= 2)
        {
            // A last half without a second one waits for the next round.
            g.Pairs = (blocks + g.Half - 1) / (2 * g.Half);
            int groups = checked(count * g.Pairs * g.Half * g.Half);
            call.Launch(CholeskyInverseGpuKernels.First, groups, g);
            call.Launch(CholeskyInverseGpuKernels.Second, groups, g);
        }
        call.Launch(CholeskyInverseGpuKernels.Square, checked(count * g.Tiles), g);
        call.Launch(CholeskyInverseGpuKernels.Mirror, checked(count * g.Tiles), g);
    }

    public void CholeskySolve(int n, Block<double> a, int lda, int columns, Block<double> b, int ldb)
    {
        Debug.Assert(lda >= n && ldb >= columns);
        if (n == 0 || columns == 0) return;
        using GpuCall call = Begin();
        int blocks = CholeskyBlocks(n), tiles = (columns + CholeskyBlock - 1) / CholeskyBlock;
        ArrayView<double> factor = call.Read(a), inverses = call.Scratch<double>(GpuScratch.Cholesky, (long)blocks * CholeskyBlock * CholeskyBlock);
        call.Launch(CholeskyBlockGpuKernels.Invert, blocks, new()
        {
            A = factor, Lda = lda, N = n, Blocks = blocks,
            Inverses = inverses, InverseBlockStride = CholeskyBlock * CholeskyBlock, InverseLd = CholeskyBlock,
        });
        CholeskySolveGpuKernels.SolveArguments g = new()
        {
            A = factor, Lda = lda, N = n, Inverses = inverses, B = call.Update(b), Ldb = ldb, Columns = columns, ColumnTiles = tiles,
        };
        for (g.Block = 0; g.Block < blocks; g.Block++)
        {
            call.Launch(CholeskySolveGpuKernels.Solve, tiles, g);
            call.Launch(CholeskySolveGpuKernels.Update, (blocks - g.Block - 1) * tiles, g);
        }
        for (g.Block = blocks - 1; g.Block >= 0; g.Block--)
        {
            call.Launch(CholeskySolveGpuKernels.SolveBack, tiles, g);
            call.Launch(CholeskySolveGpuKernels.UpdateBack, g.Block * tiles, g);
        }
    }

    private static int CholeskyBlocks(int n) => (n + CholeskyBlock - 1) / CholeskyBlock;

    private static void Factor(in GpuCall call, int count, int n, ArrayView<double> a, int lda, long stride, ArrayView<int> pivots)
    {
        Debug.Assert(lda >= n);
        int blocks = CholeskyBlocks(n);
        ArrayView<double> inverses = call.Scratch<double>(GpuScratch.Cholesky, (long)count * CholeskyBlock * CholeskyBlock);
        CholeskyBlockGpuKernels.BlockArguments diagonal = new()
        {
            A = a, Stride = stride, Lda = lda, N = n, Blocks = 1, Inverses = inverses.SubView(0, 0),
            InverseStride = CholeskyBlock * CholeskyBlock, InverseLd = CholeskyBlock, Pivots = pivots,
        };
        CholeskyGpuKernels.FactorArguments g = new() { A = a, Stride = stride, Lda = lda, N = n, Inverses = inverses, Pivots = pivots };
        int outer = 0;
        for (int block = 0; block + 1 < blocks; block++)
        {
            diagonal.FirstBlock = block;
            diagonal.Inverses = inverses;
            call.Launch(CholeskyBlockGpuKernels.Factor, count, diagonal);
            g.FirstBlock = block;
            g.Blocks = 1;
            g.Tiles = blocks - block - 1;
            call.Launch(CholeskyGpuKernels.Panel, checked(count * g.Tiles), g);
            int outerEnd = Math.Min(outer + CholeskyOuterBlocks, blocks);
            bool inner = block + 1 < outerEnd;
            if (!inner)
            {
                g.FirstBlock = outer;
                g.Blocks = CholeskyOuterBlocks;
                outer = outerEnd;
            }
            g.FirstUpdated = block + 1;
            g.UpdatedColumns = (inner ? outerEnd : blocks) - g.FirstUpdated;
            int triangle = g.UpdatedColumns * (g.UpdatedColumns + 1) / 2;
            g.Tiles = triangle + ((blocks - g.FirstUpdated - g.UpdatedColumns) * g.UpdatedColumns);
            call.Launch(CholeskyGpuKernels.Update, checked(count * g.Tiles), g);
        }
        // The last block, or the only one, or of an empty matrix the pivot alone: nobody wants its inverse.
        diagonal.FirstBlock = Math.Max(blocks - 1, 0);
        diagonal.Inverses = inverses.SubView(0, 0);
        call.Launch(CholeskyBlockGpuKernels.Factor, count, diagonal);
    }
}
