using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>
/// Sixteen rows of a row-major matrix into a tile [columns × 16], one row a lane, and back. Data only moves, so each width may do it its own
/// way. A tile has room for a multiple of sixteen columns; what lies behind the last one is left undefined.
/// </summary>
internal static unsafe class LaneTranspose<TLanes>
{
    /// <summary>Reads <paramref name="rows"/> (1 to 16) rows; the lanes behind repeat the last row.</summary>
    public static void Load(float* source, long ld, int rows, int columns, float* tile)
    {
        if (typeof(TLanes) == typeof(Lanes512)) Load512(source, ld, rows, columns, tile);
        else if (typeof(TLanes) != typeof(LanesScalar) && Sse.IsSupported && rows == 16) Load128(source, ld, columns, tile);
        else LoadScalar(source, ld, rows, columns, tile);
    }

    /// <summary>Writes <paramref name="rows"/> (1 to 16) rows and nothing else.</summary>
    public static void Store(float* tile, int rows, int columns, float* destination, long ld)
    {
        if (typeof(TLanes) == typeof(Lanes512)) Store512(tile, rows, columns, destination, ld);
        else if (typeof(TLanes) != typeof(LanesScalar) && Sse.IsSupported && rows == 16) Store128(tile, columns, destination, ld);
        else StoreScalar(tile, rows, columns, destination, ld);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadScalar(float* source, long ld, int rows, int columns, float* tile)
    {
        for (int r = 0; r < 16; r++)
        {
            float* row = source + (Math.Min(r, rows - 1) * ld);
            for (int c = 0; c < columns; c++) tile[(c * 16) + r] = row[c];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreScalar(float* tile, int rows, int columns, float* destination, long ld)
    {
        for (int r = 0; r < rows; r++)
        {
            float* row = destination + (r * ld);
            for (int c = 0; c < columns; c++) row[c] = tile[(c * 16) + r];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Load128(float* source, long ld, int columns, float* tile)
    {
        for (int r = 0; r < 16; r += 4)
        {
            float* row = source + (r * ld);
            int c = 0;
            for (; c + 4 <= columns; c += 4) Four(row + c, ld, tile + (c * 16) + r, 16);
            for (; c < columns; c++)
            {
                for (int i = 0; i < 4; i++) tile[(c * 16) + r + i] = row[(i * ld) + c];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store128(float* tile, int columns, float* destination, long ld)
    {
        for (int r = 0; r < 16; r += 4)
        {
            float* row = destination + (r * ld);
            int c = 0;
            for (; c + 4 <= columns; c += 4) Four(tile + (c * 16) + r, 16, row + c, ld);
            for (; c < columns; c++)
            {
                for (int i = 0; i < 4; i++) row[(i * ld) + c] = tile[(c * 16) + r + i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(float* source, long sourceLd, float* destination, long destinationLd)
    {
        Vector128<float> a = Vector128.Load(source), b = Vector128.Load(source + sourceLd);
        Vector128<float> c = Vector128.Load(source + (2 * sourceLd)), d = Vector128.Load(source + (3 * sourceLd));
        Vector128<float> abLow = Sse.UnpackLow(a, b), abHigh = Sse.UnpackHigh(a, b), cdLow = Sse.UnpackLow(c, d), cdHigh = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(abLow, cdLow).Store(destination);
        Sse.MoveHighToLow(cdLow, abLow).Store(destination + destinationLd);
        Sse.MoveLowToHigh(abHigh, cdHigh).Store(destination + (2 * destinationLd));
        Sse.MoveHighToLow(cdHigh, abHigh).Store(destination + (3 * destinationLd));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Load512(float* source, long ld, int rows, int columns, float* tile)
    {
        for (int c = 0; c < columns; c += 16)
        {
            Vector512<float> mask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(columns - c)).AsSingle();
            float* at = source + c;
            if (rows == 16)
            {
                Sixteen(
                    Masked(at, mask), Masked(at + ld, mask), Masked(at + (2 * ld), mask), Masked(at + (3 * ld), mask),
                    Masked(at + (4 * ld), mask), Masked(at + (5 * ld), mask), Masked(at + (6 * ld), mask), Masked(at + (7 * ld), mask),
                    Masked(at + (8 * ld), mask), Masked(at + (9 * ld), mask), Masked(at + (10 * ld), mask), Masked(at + (11 * ld), mask),
                    Masked(at + (12 * ld), mask), Masked(at + (13 * ld), mask), Masked(at + (14 * ld), mask), Masked(at + (15 * ld), mask),
                    tile + (c * 16));
            }
            else
            {
                long last = (rows - 1) * ld;
                Sixteen(
                    Masked(at, mask), Masked(at + Math.Min(ld, last), mask),
                    Masked(at + Math.Min(2 * ld, last), mask), Masked(at + Math.Min(3 * ld, last), mask),
                    Masked(at + Math.Min(4 * ld, last), mask), Masked(at + Math.Min(5 * ld, last), mask),
                    Masked(at + Math.Min(6 * ld, last), mask), Masked(at + Math.Min(7 * ld, last), mask),
                    Masked(at + Math.Min(8 * ld, last), mask), Masked(at + Math.Min(9 * ld, last), mask),
                    Masked(at + Math.Min(10 * ld, last), mask), Masked(at + Math.Min(11 * ld, last), mask),
                    Masked(at + Math.Min(12 * ld, last), mask), Masked(at + Math.Min(13 * ld, last), mask),
                    Masked(at + Math.Min(14 * ld, last), mask), Masked(at + Math.Min(15 * ld, last), mask),
                    tile + (c * 16));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store512(float* tile, int rows, int columns, float* destination, long ld)
    {
        float* block = stackalloc float[256];
        for (int c = 0; c < columns; c += 16)
        {
            float* at = tile + (c * 16);
            Sixteen(
                Vector512.Load(at), Vector512.Load(at + 16), Vector512.Load(at + 32), Vector512.Load(at + 48),
                Vector512.Load(at + 64), Vector512.Load(at + 80), Vector512.Load(at + 96), Vector512.Load(at + 112),
                Vector512.Load(at + 128), Vector512.Load(at + 144), Vector512.Load(at + 160), Vector512.Load(at + 176),
                Vector512.Load(at + 192), Vector512.Load(at + 208), Vector512.Load(at + 224), Vector512.Load(at + 240),
                block);
            if (c + 16 <= columns)
            {
                // A masked store costs several whole ones.
                for (int r = 0; r < rows; r++) Vector512.Load(block + (r * 16)).Store(destination + (r * ld) + c);
                continue;
            }
            Vector512<float> mask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(columns - c)).AsSingle();
            for (int r = 0; r < rows; r++) Avx512F.MaskStore(destination + (r * ld) + c, mask, Vector512.Load(block + (r * 16)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Masked(float* source, Vector512<float> mask) => Avx512F.MaskLoad(source, mask, Vector512<float>.Zero);

    /// <summary>16 × 16: pairs of rows by 32 and 64 bits, then quarters of registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(
        Vector512<float> r0, Vector512<float> r1, Vector512<float> r2, Vector512<float> r3,
        Vector512<float> r4, Vector512<float> r5, Vector512<float> r6, Vector512<float> r7,
        Vector512<float> r8, Vector512<float> r9, Vector512<float> r10, Vector512<float> r11,
        Vector512<float> r12, Vector512<float> r13, Vector512<float> r14, Vector512<float> r15,
        float* destination)
    {
        Quartet(r0, r1, r2, r3, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
        Quartet(r4, r5, r6, r7, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
        Quartet(r8, r9, r10, r11, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
        Quartet(r12, r13, r14, r15, out Vector512<float> d0, out Vector512<float> d1, out Vector512<float> d2, out Vector512<float> d3);
        Quarters(a0, b0, c0, d0, destination);
        Quarters(a1, b1, c1, d1, destination + 16);
        Quarters(a2, b2, c2, d2, destination + 32);
        Quarters(a3, b3, c3, d3, destination + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quartet(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d,
        out Vector512<float> q0, out Vector512<float> q1, out Vector512<float> q2, out Vector512<float> q3)
    {
        Vector512<double> abLow = Avx512F.UnpackLow(a, b).AsDouble(), abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> cdLow = Avx512F.UnpackLow(c, d).AsDouble(), cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
        q0 = Avx512F.UnpackLow(abLow, cdLow).AsSingle();
        q1 = Avx512F.UnpackHigh(abLow, cdLow).AsSingle();
        q2 = Avx512F.UnpackLow(abHigh, cdHigh).AsSingle();
        q3 = Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle();
    }

    /// <summary>Columns j, j + 4, j + 8 and j + 12 from what the four quartets hold of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* column)
    {
        Vector512<float> abEven = Avx512F.Shuffle4x128(a, b, 0x88), abOdd = Avx512F.Shuffle4x128(a, b, 0xDD);
        Vector512<float> cdEven = Avx512F.Shuffle4x128(c, d, 0x88), cdOdd = Avx512F.Shuffle4x128(c, d, 0xDD);
        Avx512F.Shuffle4x128(abEven, cdEven, 0x88).Store(column);
        Avx512F.Shuffle4x128(abOdd, cdOdd, 0x88).Store(column + 64);
        Avx512F.Shuffle4x128(abEven, cdEven, 0xDD).Store(column + 128);
        Avx512F.Shuffle4x128(abOdd, cdOdd, 0xDD).Store(column + 192);
    }
}
