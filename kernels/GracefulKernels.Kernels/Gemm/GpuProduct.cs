using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>What <see cref="GpuProduct"/> multiplies and where it goes.</summary>
internal struct ProductArguments<TA, TB, TOutput>
    where TA : struct
    where TB : struct
    where TOutput : struct
{
    public TA A;
    public TB B;

    /// <summary>The operands of the second product of a pair.</summary>
    public TA SecondA;
    public TB SecondB;

    public TOutput Output;

    /// <summary>Tiles beside each other; 0 where only the tiles of the lower triangle are there, row by row.</summary>
    public int ColumnTiles;

    /// <summary>Inner blocks of one product.</summary>
    public int Blocks;

    /// <summary>Inner blocks of all products: <see cref="Blocks"/>, or twice that for a pair.</summary>
    public int AllBlocks;

    /// <summary>Inner blocks that a group adds up; the groups of the next Y go on.</summary>
    public int SliceBlocks;
}

/// <summary>
/// The matrix product of a GPU: a group computes one tile of the output (X: tile, Y: slice of the inner dimension). Operands go through shared
/// memory, in blocks of <see cref="IGpuTile.Inner"/> steps: the next block is on its way into registers while the sums take in the present one, and
/// goes to the other of two buffers: one barrier a block. Sums are in the order of the inner steps.
/// </summary>
/// <remarks>
/// A block of an operand lies as [inner][rows], so that an inner step reads whole quads of rows. Rows are exchanged by an exclusive-or that changes every four
/// steps: quads along the inner dimension, which are written across, then meet different banks.
/// </remarks>
internal static class GpuProduct
{
    public static void Run<TTile, TA, TAWalk, TB, TBWalk, TOutput>(ProductArguments<TA, TB, TOutput> g)
        where TTile : unmanaged, IGpuTile
        where TA : struct, ITileSource<TAWalk>
        where TAWalk : unmanaged
        where TB : struct, ITileSource<TBWalk>
        where TBWalk : unmanaged
        where TOutput : struct, ITileOutput
    {
        TTile tile = default;
        ArrayView<Float4> shared = SharedMemory.Allocate<Float4>(tile.SharedQuads);
        int thread = Group.IdxX;
        int tileRow, tileColumn;
        if (g.ColumnTiles > 0)
        {
            tileRow = Grid.IdxX / g.ColumnTiles;
            tileColumn = Grid.IdxX - (tileRow * g.ColumnTiles);
        }
        else
        {
            tileRow = TriangleRow(Grid.IdxX);
            tileColumn = Grid.IdxX - (tileRow * (tileRow + 1) / 2);
        }
        int firstRow = tileRow * tile.Rows, firstColumn = tileColumn * tile.Columns;

        // Where this thread's squares lie: warps are 4 × 8 (or 8 × 4) threads, so that their reads of shared memory meet few quads.
        int warp = thread >> 5, lane = thread & 31;
        int warpsAcross = tile.ThreadColumns / tile.WarpColumns;
        int threadColumn = ((warp % warpsAcross) * tile.WarpColumns) + (lane % tile.WarpColumns);
        int threadRow = ((warp / warpsAcross) * (32 / tile.WarpColumns)) + (lane / tile.WarpColumns);

        TileSums sums = default;
        var a = new TileLoad<TTile, TA, TAWalk>();
        var b = new TileLoad<TTile, TB, TBWalk>();
        int block = Grid.IdxY * g.SliceBlocks;
        int end = block + g.SliceBlocks;
        if (end > g.AllBlocks) end = g.AllBlocks;
        bool pairs = default(TA).Pairs && default(TB).Pairs;
        bool second = pairs && block >= g.Blocks;
        int inner = (second ? block - g.Blocks : block) * tile.Inner;
        if (second)
        {
            a.Begin(g.SecondA, tile.Rows, firstRow, inner);
            b.Begin(g.SecondB, tile.Columns, firstColumn, inner);
        }
        else
        {
            a.Begin(g.A, tile.Rows, firstRow, inner);
            b.Begin(g.B, tile.Columns, firstColumn, inner);
        }
        if (block < end)
        {
            Load(g, second, ref a, ref b);
            Keep(shared, 0, a, b);
        }
        Group.Barrier();
        int buffer = 0, other = (tile.Rows + tile.Columns) * tile.Inner / 4;
        while (block < end)
        {
            block++;
            if (block < end)
            {
                if (pairs && block == g.Blocks)
                {
                    second = true;
                    a.Begin(g.SecondA, tile.Rows, firstRow, 0);
                    b.Begin(g.SecondB, tile.Columns, firstColumn, 0);
                }
                Load(g, second, ref a, ref b);
            }
            Multiply<TTile>(shared, buffer, threadRow, threadColumn, ref sums);
            if (block < end) Keep(shared, other, a, b);
            Group.Barrier();
            (buffer, other) = (other, buffer);
        }
        Finish<TTile, TOutput>(g.Output, shared, firstRow, firstColumn, threadRow, threadColumn, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TTile, TA, TAWalk, TB, TBWalk, TOutput>(
        in ProductArguments<TA, TB, TOutput> g, bool second, ref TileLoad<TTile, TA, TAWalk> a, ref TileLoad<TTile, TB, TBWalk> b)
        where TTile : unmanaged, IGpuTile
        where TA : struct, ITileSource<TAWalk>
        where TAWalk : unmanaged
        where TB : struct, ITileSource<TBWalk>
        where TBWalk : unmanaged
        where TOutput : struct
    {
        TTile tile = default;
        if (second)
        {
            a.Load(g.SecondA, tile.Rows);
            b.Load(g.SecondB, tile.Columns);
        }
        else
        {
            a.Load(g.A, tile.Rows);
            b.Load(g.B, tile.Columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep<TTile, TA, TAWalk, TB, TBWalk>(
        ArrayView<Float4> shared, int buffer, in TileLoad<TTile, TA, TAWalk> a, in TileLoad<TTile, TB, TBWalk> b)
        where TTile : unmanaged, IGpuTile
        where TA : struct, ITileSource<TAWalk>
        where TAWalk : unmanaged
        where TB : struct, ITileSource<TBWalk>
        where TBWalk : unmanaged
    {
        TTile tile = default;
        a.Keep(shared, buffer, tile.Rows);
        b.Keep(shared, buffer + (tile.Rows * tile.Inner / 4), tile.Columns);
    }

    /// <summary>Takes the block in one buffer into the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TTile>(ArrayView<Float4> shared, int buffer, int threadRow, int threadColumn, ref TileSums sums)
        where TTile : unmanaged, IGpuTile
    {
        TTile tile = default;
        int exchange = 0;
        for (int four = 0; four < tile.Inner / 4; four++)
        {
            // Quads of four inner steps: their distances are constants.
            ArrayView<Float4> a = shared.SubView(buffer + (four * tile.Rows) + (threadRow ^ (exchange & ((tile.Rows / 4) - 1))));
            ArrayView<Float4> b = shared.SubView(buffer + (tile.Rows * tile.Inner / 4) + (four * tile.Columns) + (threadColumn ^ (exchange & ((tile.Columns / 4) - 1))));
            Step<TTile>(a, b, 0, ref sums);
            Step<TTile>(a, b, 1, ref sums);
            Step<TTile>(a, b, 2, ref sums);
            Step<TTile>(a, b, 3, ref sums);
            exchange += 32 / tile.Inner;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TTile>(ArrayView<Float4> a, ArrayView<Float4> b, int step, ref TileSums sums) where TTile : unmanaged, IGpuTile
    {
        TTile tile = default;
        Float4 top = a[step * tile.Rows / 4], left = b[step * tile.Columns / 4];
        SquareSums.Add(ref sums.TopLeft, top, left);
        if (tile.ColumnQuads > 1)
        {
            Float4 right = b[(step * tile.Columns / 4) + (tile.Columns / 8)];
            SquareSums.Add(ref sums.TopRight, top, right);
            if (tile.RowQuads > 1)
            {
                Float4 bottom = a[(step * tile.Rows / 4) + (tile.Rows / 8)];
                SquareSums.Add(ref sums.BottomLeft, bottom, left);
                SquareSums.Add(ref sums.BottomRight, bottom, right);
            }
        }
        else if (tile.RowQuads > 1)
        {
            SquareSums.Add(ref sums.BottomLeft, a[(step * tile.Rows / 4) + (tile.Rows / 8)], left);
        }
    }

    /// <summary>
    /// Brings the sums into the order of the output through shared memory, half of the rows at a time where threads have two squares below each other, so that
    /// rows are stored whole and the code of the output is there once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TTile, TOutput>(
        in TOutput output, ArrayView<Float4> shared, int firstRow, int firstColumn, int threadRow, int threadColumn, in TileSums sums)
        where TTile : unmanaged, IGpuTile
        where TOutput : struct, ITileOutput
    {
        TTile tile = default;
        int rowQuads = tile.Columns / 4;
        int halfRows = tile.Rows / tile.RowQuads;
        int threads = tile.ThreadRows * tile.ThreadColumns;
        int place = (threadRow * tile.Columns) + threadColumn;
        for (int half = 0; half < tile.RowQuads; half++)
        {
            if (half == 0)
            {
                Stage(shared, place, rowQuads, sums.TopLeft);
                if (tile.ColumnQuads > 1) Stage(shared, place + (tile.Columns / 8), rowQuads, sums.TopRight);
            }
            else
            {
                Stage(shared, place, rowQuads, sums.BottomLeft);
                if (tile.ColumnQuads > 1) Stage(shared, place + (tile.Columns / 8), rowQuads, sums.BottomRight);
            }
            Group.Barrier();
            int row0 = firstRow + (half * halfRows);
            for (int quad = Group.IdxX; quad < halfRows * rowQuads; quad += threads)
            {
                int bits = output.Store(row0 + (quad / rowQuads), firstColumn + (quad % rowQuads * 4), Grid.IdxY, shared[quad]);
                if (output.WritesMask) shared[quad] = new Float4(bits, 0f, 0f, 0f);
            }
            Group.Barrier();
            if (output.WritesMask)
            {
                // A word has the bits of four threads.
                for (int word = Group.IdxX; word < halfRows * rowQuads / 4; word += threads)
                {
                    int bits = (int)shared[word * 4].X | ((int)shared[(word * 4) + 1].X << 4) | ((int)shared[(word * 4) + 2].X << 8) | ((int)shared[(word * 4) + 3].X << 12);
                    output.StoreMask(row0 + (word / (rowQuads / 4)), (firstColumn / 16) + (word % (rowQuads / 4)), bits);
                }
                Group.Barrier();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Stage(ArrayView<Float4> shared, int place, int rowQuads, in SquareSums square)
    {
        shared[place] = square.Row0;
        shared[place + rowQuads] = square.Row1;
        shared[place + (2 * rowQuads)] = square.Row2;
        shared[place + (3 * rowQuads)] = square.Row3;
    }

    /// <summary>The row of tile number <paramref name="index"/> in a lower triangle that is numbered row by row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int TriangleRow(int index)
    {
        int row = (int)((Math.Sqrt((8.0 * index) + 1.0) - 1.0) * 0.5);
        // The root is rounded.
        while (row * (row + 1) / 2 > index) row--;
        while ((row + 1) * (row + 2) / 2 <= index) row++;
        return row;
    }
}
