using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace GracefulKernels.Kernels;

/// <summary>What <see cref="TensorProduct"/> multiplies and where the bare product goes; pointers are device addresses, multiples of 16 (of the output: 8).</summary>
internal struct TensorArguments
{
    public long A, B, C;
    public int M, N, K, LdA, LdB, LdC;
    public int ColumnTiles;

    /// <summary>Inner blocks of the product.</summary>
    public int Blocks;

    /// <summary>Inner blocks of a slice; the groups of the next Y go on.</summary>
    public int SliceBlocks;

    /// <summary>Elements between the outputs of slices.</summary>
    public long SliceStride;
}

/// <summary>How an operand is stored.</summary>
internal interface ITensorStorage
{
    /// <summary>Inner steps lie beside each other; else the other dimension's elements do.</summary>
    bool Along { get; }
}

internal readonly struct StoredAlong : ITensorStorage
{
    public bool Along => true;
}

internal readonly struct StoredAcross : ITensorStorage
{
    public bool Along => false;
}

/// <summary>How many products of TF32 operands make one.</summary>
internal interface ITensorProducts
{
    bool Split { get; }
}

/// <summary>Three: about the accuracy of fp32 (Ootomo and Yokota 2022).</summary>
internal readonly struct ThreeProducts : ITensorProducts
{
    public bool Split => true;
}

/// <summary>One: operands rounded to 10 bits of mantissa.</summary>
internal readonly struct OneProduct : ITensorProducts
{
    public bool Split => false;
}

/// <summary>
/// The matrix product on tensor cores, NVIDIA only: 128 × 128 outputs a group of eight warps, 64 × 32 a warp, inner blocks of 16 steps. Copies of the next
/// block to shared memory (<c>cp.async</c>, past the registers) run beside the products of the present one.
/// </summary>
/// <remarks>
/// Rows of 20 floats (operands along the inner dimension) and of 136 (across) place the 32 fragments of a load in 32 banks. A block is 16 KB of copies for 262,144
/// multiply-adds: 16 operations a byte from L2.
/// </remarks>
internal static class TensorProduct
{
    public const int Tile = 128;
    public const int Inner = 16;
    public const int Threads = 256;

    private const int AlongBytes = 80;
    private const int AcrossBytes = 544;

    /// <summary>Bytes of one operand's block, of the larger storage.</summary>
    private const int OperandBytes = Tile * AlongBytes;

    private const int StageBytes = 2 * OperandBytes;

    public static void Run<TA, TB, TProducts>(TensorArguments g)
        where TA : unmanaged, ITensorStorage
        where TB : unmanaged, ITensorStorage
        where TProducts : unmanaged, ITensorProducts
    {
        TA storedA = default;
        TB storedB = default;
        TProducts products = default;
        CudaAsm.Emit(TensorText.Declare);
        int tileRow = Grid.IdxX / g.ColumnTiles;
        int firstRow = tileRow * Tile, firstColumn = (Grid.IdxX - (tileRow * g.ColumnTiles)) * Tile;
        int thread = Group.IdxX, warp = thread >> 5, lane = thread & 31;
        int warpRow = (warp >> 2) * 64, warpColumn = (warp & 3) * 32;
        int across = lane >> 2, inner = lane & 3;
        // Where this thread's first fragments lie in a block.
        int fragmentA = storedA.Along ? ((warpRow + across) * AlongBytes) + (inner * 4) : (inner * AcrossBytes) + ((warpRow + across) * 4);
        int fragmentB = storedB.Along ? ((warpColumn + across) * AlongBytes) + (inner * 4) : (inner * AcrossBytes) + ((warpColumn + across) * 4);
        int stepA = storedA.Along ? 32 : 8 * AcrossBytes, stepB = storedB.Along ? 32 : 8 * AcrossBytes;

        int block = Grid.IdxY * g.SliceBlocks, end = block + g.SliceBlocks;
        if (end > g.Blocks) end = g.Blocks;
        int stage = 0;
        if (block < end) CopyBlock(g, storedA, storedB, 0, firstRow, firstColumn, block * Inner);
        CudaAsm.Emit(TensorText.Commit);
        while (block < end)
        {
            block++;
            int next = StageBytes - stage;
            if (block < end) CopyBlock(g, storedA, storedB, next, firstRow, firstColumn, block * Inner);
            CudaAsm.Emit(TensorText.Commit);
            CudaAsm.Emit(TensorText.AwaitAllButOne);
            Group.Barrier();
            for (int half = 0; half < Inner / 8; half++)
            {
                int a = stage + fragmentA + (half * stepA), b = stage + OperandBytes + fragmentB + (half * stepB);
                if (storedA.Along) CudaAsm.Emit(TensorText.LoadAAlong, a);
                else CudaAsm.Emit(TensorText.LoadAAcross, a);
                if (storedB.Along) CudaAsm.Emit(TensorText.LoadBAlong, b);
                else CudaAsm.Emit(TensorText.LoadBAcross, b);
                CudaAsm.Emit(TensorText.Round);
                if (products.Split)
                {
                    CudaAsm.Emit(TensorText.Split);
                    CudaAsm.Emit(TensorText.MultiplySplit);
                }
                else
                {
                    CudaAsm.Emit(TensorText.Multiply);
                }
            }
            // All have read the stage that the copies after the next write.
            Group.Barrier();
            stage = next;
        }
        Store(g, firstRow + warpRow + across, firstColumn + warpColumn + (2 * inner));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyBlock<TA, TB>(in TensorArguments g, TA storedA, TB storedB, int stage, int firstRow, int firstColumn, int inner)
        where TA : unmanaged, ITensorStorage
        where TB : unmanaged, ITensorStorage
    {
        if (storedA.Along) CopyAlong(g.A, g.LdA, g.M, g.K, stage, firstRow, inner);
        else CopyAcross(g.A, g.LdA, g.M, g.K, stage, firstRow, inner);
        if (storedB.Along) CopyAlong(g.B, g.LdB, g.N, g.K, stage + OperandBytes, firstColumn, inner);
        else CopyAcross(g.B, g.LdB, g.N, g.K, stage + OperandBytes, firstColumn, inner);
    }

    /// <summary>A thread copies 16 bytes of two rows; what lies outside of the matrix becomes zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyAlong(long matrix, int ld, int rows, int steps, int target, int firstRow, int firstInner)
    {
        int line = Group.IdxX >> 2, step = (Group.IdxX & 3) * 4;
        int bytes = Bytes(steps - firstInner - step);
        for (int half = 0; half < 2; half++)
        {
            int row = firstRow + line + (half * 64);
            int present = row < rows ? bytes : 0;
            // With nothing to copy the address must still be one of the matrix.
            long offset = present > 0 ? (((long)row * ld) + firstInner + step) * 4 : 0L;
            CudaAsm.Emit(TensorText.Copy, target + ((line + (half * 64)) * AlongBytes) + (step * 4), matrix + offset, present);
        }
    }

    /// <summary>A thread copies 16 bytes of two inner steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyAcross(long matrix, int ld, int rows, int steps, int target, int firstRow, int firstInner)
    {
        int line = Group.IdxX >> 5, row = (Group.IdxX & 31) * 4;
        int bytes = Bytes(rows - firstRow - row);
        for (int half = 0; half < 2; half++)
        {
            int step = line + (half * 8);
            int present = firstInner + step < steps ? bytes : 0;
            long offset = present > 0 ? (((long)(firstInner + step) * ld) + firstRow + row) * 4 : 0L;
            CudaAsm.Emit(TensorText.Copy, target + (step * AcrossBytes) + (row * 4), matrix + offset, present);
        }
    }

    /// <summary>Bytes of up to four elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bytes(int elements) => elements <= 0 ? 0 : elements >= 4 ? 16 : elements * 4;

    /// <summary>Eight rows of a thread, eight apart; pairs of columns, eight apart. The output has an even number of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in TensorArguments g, int row, int column)
    {
        CudaAsm.Emit(TensorText.Columns, column, g.N);
        long address = g.C + (((Grid.IdxY * g.SliceStride) + ((long)row * g.LdC) + column) * 4);
        long apart = (long)g.LdC * 32;
        if (row < g.M) CudaAsm.Emit(TensorText.Store0, address);
        if (row + 8 < g.M) CudaAsm.Emit(TensorText.Store1, address + apart);
        if (row + 16 < g.M) CudaAsm.Emit(TensorText.Store2, address + (2 * apart));
        if (row + 24 < g.M) CudaAsm.Emit(TensorText.Store3, address + (3 * apart));
        if (row + 32 < g.M) CudaAsm.Emit(TensorText.Store4, address + (4 * apart));
        if (row + 40 < g.M) CudaAsm.Emit(TensorText.Store5, address + (5 * apart));
        if (row + 48 < g.M) CudaAsm.Emit(TensorText.Store6, address + (6 * apart));
        if (row + 56 < g.M) CudaAsm.Emit(TensorText.Store7, address + (7 * apart));
    }
}
