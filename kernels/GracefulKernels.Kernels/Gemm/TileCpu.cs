using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>
/// Register tiles for a kernel set: the one place that maps the set's lanes to a hardware register and a tile height. A tile is a run of
/// rows by a group of 16 or 32 columns, and owns whole words of an activation mask.
/// </summary>
internal static unsafe class TileCpu<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Columns of a group; the last one of a matrix may have 16.</summary>
    public const int Group = 32;

    /// <summary>Most rows of a tile on any processor.</summary>
    public const int RowLimit = 14;

    /// <summary>Most rows of a tile of one register's width.</summary>
    public const int TallRowLimit = 28;

    /// <summary>Most rows of a tile: as many as the registers hold beside two of B and one of A.</summary>
    public static int MaxRows => typeof(TLanes) == typeof(Lanes512) ? RowLimit : 6;

    /// <summary>Columns that lie side by side in a packed panel.</summary>
    public static int SubPanel(int width)
        => typeof(TLanes) == typeof(Lanes512) ? width
            : typeof(TLanes) == typeof(Lanes256) ? 2 * Register256.Width
            : typeof(TLanes) == typeof(Lanes128) ? 2 * Register128.Width
            : 2 * RegisterScalar.Width;

    /// <summary>Width of the group that holds <paramref name="columns"/> columns.</summary>
    public static int Width(int columns) => columns > 16 ? Group : 16;

    /// <summary>Elements of a packed operand of <paramref name="columns"/> columns.</summary>
    public static long PackedLength(int columns, long inner) => (columns + 15) / 16 * 16 * inner;

    /// <summary>Rows of the next tile where <paramref name="left"/> rows are left: equal heights rather than a thin rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NextRows(int left) => Share(left, MaxRows);

    /// <summary>The same where the whole product has <paramref name="columns"/> columns: sixteen or fewer take taller tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NextRows(int left, int columns)
        => Share(left, typeof(TLanes) == typeof(Lanes512) && columns <= 16 ? TallRowLimit : MaxRows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Share(int left, int limit)
    {
        int tiles = (left + limit - 1) / limit;
        return (left + tiles - 1) / tiles;
    }

    /// <summary>
    /// Whether whole tiles of an output go past the caches: no cache will hold it, and rows <paramref name="strides"/> apart are whole lines.
    /// Narrow registers fill a line in two passes, and half lines are slow to write this way.
    /// </summary>
    public static bool Streams(long elements, float* c, long strides)
        => elements * sizeof(float) > Streaming.Threshold && SubPanel(Group) >= 16 && strides % 16 == 0 && Streaming.Head(c) == 0;

    /// <summary>Computes a tile and stores it, through factors and epilogue where there are any.</summary>
    /// <remarks>Optimised at once, as what it calls: in short calls the way to a tile is felt, and tiers take their time to see that.</remarks>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Emit(in RowTile a, in Panel b, in Output output, in OutputTile tile)
    {
        int width = Width(tile.Columns);
        if (output.IsDirect(tile.First, tile.Last, out bool add) && tile.Columns == width && tile.Limit >= width)
        {
            // What is added to is asked for now and comes while the tile is multiplied.
            if (add) Fetch(tile.C, tile.Ld, tile.Rows, width);
            Multiply(a, b, width, width, tile.Rows, tile.C, tile.Ld, add ? TileStore.Add : output.Streams ? TileStore.Stream : TileStore.Store);
            return;
        }
        if (tile.Last && output.Addend != null) Fetch(output.Addend + (tile.Row * output.Columns) + tile.Column, output.Columns, tile.Rows, tile.Columns);
        float* buffer = stackalloc float[(RowLimit * Group) + 16];
        buffer = (float*)(((nint)buffer + 63) & ~63);
        Multiply(a, b, width, tile.Columns, tile.Rows, buffer, width, TileStore.Store);
        Finish(buffer, width, output, tile);
    }

    /// <summary>Asks for the first and the last line of each row, which lie far apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fetch(float* row, nint ld, int rows, int columns)
    {
        for (int r = 0; r < rows; r++, row += ld)
        {
            Prefetch.Near(row);
            Prefetch.Near(row + columns - 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(in RowTile a, in Panel b, int width, int columns, int rows, float* c, nint ldc, TileStore store)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            if (width == 16) SelectTall<Register512, Vector512<float>>(a, b.Start, b.Step, rows, c, ldc, store);
            else Select<Register512, Vector512<float>>(a, b.Start, b.Step, rows, c, ldc, store);
            return;
        }
        int sub = SubPanel(width);
        for (int j = 0; j < columns; j += sub)
        {
            float* panel = b.Start + (j * b.ColumnStride);
            if (typeof(TLanes) == typeof(Lanes256)) Select<Register256, Vector256<float>>(a, panel, b.Step, rows, c + j, ldc, store);
            else if (typeof(TLanes) == typeof(Lanes128)) Select<Register128, Vector128<float>>(a, panel, b.Step, rows, c + j, ldc, store);
            else Select<RegisterScalar, float>(a, panel, b.Step, rows, c + j, ldc, store);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Select<TRegister, TVector>(in RowTile a, float* b, nint step, int rows, float* c, nint ldc, TileStore store)
        where TRegister : struct, IRegister<TVector>
        where TVector : struct
    {
        switch (rows)
        {
            case 1: MicroKernel<TRegister, TVector, Size1>.Multiply(a, b, step, c, ldc, store); break;
            case 2: MicroKernel<TRegister, TVector, Size2>.Multiply(a, b, step, c, ldc, store); break;
            case 3: MicroKernel<TRegister, TVector, Size3>.Multiply(a, b, step, c, ldc, store); break;
            case 4: MicroKernel<TRegister, TVector, Size4>.Multiply(a, b, step, c, ldc, store); break;
            case 5: MicroKernel<TRegister, TVector, Size5>.Multiply(a, b, step, c, ldc, store); break;
            case 6: MicroKernel<TRegister, TVector, Size6>.Multiply(a, b, step, c, ldc, store); break;
            case 7: MicroKernel<TRegister, TVector, Size7>.Multiply(a, b, step, c, ldc, store); break;
            case 8: MicroKernel<TRegister, TVector, Size8>.Multiply(a, b, step, c, ldc, store); break;
            case 9: MicroKernel<TRegister, TVector, Size9>.Multiply(a, b, step, c, ldc, store); break;
            case 10: MicroKernel<TRegister, TVector, Size10>.Multiply(a, b, step, c, ldc, store); break;
            case 11: MicroKernel<TRegister, TVector, Size11>.Multiply(a, b, step, c, ldc, store); break;
            case 12: MicroKernel<TRegister, TVector, Size12>.Multiply(a, b, step, c, ldc, store); break;
            case 13: MicroKernel<TRegister, TVector, Size13>.Multiply(a, b, step, c, ldc, store); break;
            case 14: MicroKernel<TRegister, TVector, Size14>.Multiply(a, b, step, c, ldc, store); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SelectTall<TRegister, TVector>(in RowTile a, float* b, nint step, int rows, float* c, nint ldc, TileStore store)
        where TRegister : struct, IRegister<TVector>
        where TVector : struct
    {
        switch (rows)
        {
            case 1: TallKernel<TRegister, TVector, Size1>.Multiply(a, b, step, c, ldc, store); break;
            case 2: TallKernel<TRegister, TVector, Size2>.Multiply(a, b, step, c, ldc, store); break;
            case 3: TallKernel<TRegister, TVector, Size3>.Multiply(a, b, step, c, ldc, store); break;
            case 4: TallKernel<TRegister, TVector, Size4>.Multiply(a, b, step, c, ldc, store); break;
            case 5: TallKernel<TRegister, TVector, Size5>.Multiply(a, b, step, c, ldc, store); break;
            case 6: TallKernel<TRegister, TVector, Size6>.Multiply(a, b, step, c, ldc, store); break;
            case 7: TallKernel<TRegister, TVector, Size7>.Multiply(a, b, step, c, ldc, store); break;
            case 8: TallKernel<TRegister, TVector, Size8>.Multiply(a, b, step, c, ldc, store); break;
            case 9: TallKernel<TRegister, TVector, Size9>.Multiply(a, b, step, c, ldc, store); break;
            case 10: TallKernel<TRegister, TVector, Size10>.Multiply(a, b, step, c, ldc, store); break;
            case 11: TallKernel<TRegister, TVector, Size11>.Multiply(a, b, step, c, ldc, store); break;
            case 12: TallKernel<TRegister, TVector, Size12>.Multiply(a, b, step, c, ldc, store); break;
            case 13: TallKernel<TRegister, TVector, Size13>.Multiply(a, b, step, c, ldc, store); break;
            case 14: TallKernel<TRegister, TVector, Size14>.Multiply(a, b, step, c, ldc, store); break;
            case 15: TallKernel<TRegister, TVector, Size15>.Multiply(a, b, step, c, ldc, store); break;
            case 16: TallKernel<TRegister, TVector, Size16>.Multiply(a, b, step, c, ldc, store); break;
            case 17: TallKernel<TRegister, TVector, Size17>.Multiply(a, b, step, c, ldc, store); break;
            case 18: TallKernel<TRegister, TVector, Size18>.Multiply(a, b, step, c, ldc, store); break;
            case 19: TallKernel<TRegister, TVector, Size19>.Multiply(a, b, step, c, ldc, store); break;
            case 20: TallKernel<TRegister, TVector, Size20>.Multiply(a, b, step, c, ldc, store); break;
            case 21: TallKernel<TRegister, TVector, Size21>.Multiply(a, b, step, c, ldc, store); break;
            case 22: TallKernel<TRegister, TVector, Size22>.Multiply(a, b, step, c, ldc, store); break;
            case 23: TallKernel<TRegister, TVector, Size23>.Multiply(a, b, step, c, ldc, store); break;
            case 24: TallKernel<TRegister, TVector, Size24>.Multiply(a, b, step, c, ldc, store); break;
            case 25: TallKernel<TRegister, TVector, Size25>.Multiply(a, b, step, c, ldc, store); break;
            case 26: TallKernel<TRegister, TVector, Size26>.Multiply(a, b, step, c, ldc, store); break;
            case 27: TallKernel<TRegister, TVector, Size27>.Multiply(a, b, step, c, ldc, store); break;
            case 28: TallKernel<TRegister, TVector, Size28>.Multiply(a, b, step, c, ldc, store); break;
        }
    }

    /// <summary>Stores a finished product, rows <paramref name="width"/> apart, through factors and epilogue.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(float* product, int width, in Output o, in OutputTile tile)
    {
        float beta = tile.First ? o.Beta : 1f;
        int words = (o.Columns + 15) / 16;
        for (int r = 0; r < tile.Rows; r++, product += width)
        {
            int columns = Math.Min(tile.Columns, tile.Limit + r);
            long row = tile.Row + r;
            for (int j = 0; j < columns; j += 16)
            {
                int count = Math.Min(columns - j, 16), column = tile.Column + j;
                float* c = tile.C + (r * tile.Ld) + j;
                TLanes v = TLanes.Load(product + j);
                if (o.Alpha != 1f) v *= TLanes.Broadcast(o.Alpha);
                if (beta != 0f) v = TLanes.MultiplyAdd(TLanes.Broadcast(beta), CpuKernels<TLanes, TDoubles>.Load(c, count), v);
                if (tile.Last)
                {
                    if (o.Bias != null) v += CpuKernels<TLanes, TDoubles>.Load(o.Bias + column, count);
                    if (o.Addend != null) v += CpuKernels<TLanes, TDoubles>.Load(o.Addend + (row * o.Columns) + column, count);
                    if (o.Activation == EpilogueActivation.LeakyRelu)
                    {
                        TLanes positive = TLanes.GreaterThan(v, TLanes.Zero);
                        if (o.Mask != null) o.Mask[(row * words) + (column >> 4)] = (ushort)(TLanes.ToBits(positive) & ((1u << count) - 1));
                        v = TLanes.Select(positive, v, v * TLanes.Broadcast(o.Slope));
                    }
                    else if (o.Activation == EpilogueActivation.Mask)
                    {
                        TLanes positive = TLanes.FromBits(o.Mask[(row * words) + (column >> 4)]);
                        v = TLanes.Select(positive, v, v * TLanes.Broadcast(o.Slope));
                    }
                }
                if (count == 16) TLanes.Store(c, v);
                else TLanes.StorePartial(c, count, v);
            }
        }
    }
}
