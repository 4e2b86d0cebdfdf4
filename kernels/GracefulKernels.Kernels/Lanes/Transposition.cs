using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>Copies a matrix turned over its diagonal. It moves bits and computes nothing, so it takes whatever the processor has.</summary>
internal static unsafe class Transposition
{
    /// <summary><c>destination[c·ldd + r] = source[r·lds + c]</c> for r below <paramref name="rows"/> and c below <paramref name="columns"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint lds, int rows, int columns, float* destination, nint ldd)
    {
        int r = 0;
        if (Avx.IsSupported)
        {
            for (; r + 8 <= rows; r += 8) Eight(source + (r * lds), lds, columns, destination + r, ldd);
        }
        if (Sse.IsSupported)
        {
            for (; r + 4 <= rows; r += 4) Four(source + (r * lds), lds, columns, destination + r, ldd);
        }
        for (; r < rows; r++)
        {
            float* from = source + (r * lds), to = destination + r;
            for (int c = 0; c < columns; c++, to += ldd) *to = from[c];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(float* s, nint ld, int columns, float* d, nint ldd)
    {
        int c = 0;
        for (; c + 8 <= columns; c += 8, s += 8, d += 8 * ldd)
        {
            // Rows r and r + 4 share a register, so that the 4 × 4 turns inside the halves finish the 8 × 8 one.
            Vector256<float> a0 = Vector256.Create(Vector128.Load(s), Vector128.Load(s + (4 * ld)));
            Vector256<float> a1 = Vector256.Create(Vector128.Load(s + ld), Vector128.Load(s + (5 * ld)));
            Vector256<float> a2 = Vector256.Create(Vector128.Load(s + (2 * ld)), Vector128.Load(s + (6 * ld)));
            Vector256<float> a3 = Vector256.Create(Vector128.Load(s + (3 * ld)), Vector128.Load(s + (7 * ld)));
            Turn(a0, a1, a2, a3, d, ldd);
            Vector256<float> b0 = Vector256.Create(Vector128.Load(s + 4), Vector128.Load(s + (4 * ld) + 4));
            Vector256<float> b1 = Vector256.Create(Vector128.Load(s + ld + 4), Vector128.Load(s + (5 * ld) + 4));
            Vector256<float> b2 = Vector256.Create(Vector128.Load(s + (2 * ld) + 4), Vector128.Load(s + (6 * ld) + 4));
            Vector256<float> b3 = Vector256.Create(Vector128.Load(s + (3 * ld) + 4), Vector128.Load(s + (7 * ld) + 4));
            Turn(b0, b1, b2, b3, d + (4 * ldd), ldd);
        }
        for (; c < columns; c++, s++, d += ldd)
        {
            for (int r = 0; r < 8; r++) d[r] = s[r * ld];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3, float* d, nint ldd)
    {
        Vector256<float> x0 = Avx.UnpackLow(a0, a1), x1 = Avx.UnpackHigh(a0, a1), x2 = Avx.UnpackLow(a2, a3), x3 = Avx.UnpackHigh(a2, a3);
        Avx.Shuffle(x0, x2, 0x44).Store(d);
        Avx.Shuffle(x0, x2, 0xEE).Store(d + ldd);
        Avx.Shuffle(x1, x3, 0x44).Store(d + (2 * ldd));
        Avx.Shuffle(x1, x3, 0xEE).Store(d + (3 * ldd));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(float* s, nint ld, int columns, float* d, nint ldd)
    {
        int c = 0;
        for (; c + 4 <= columns; c += 4, s += 4, d += 4 * ldd)
        {
            Vector128<float> a0 = Vector128.Load(s), a1 = Vector128.Load(s + ld), a2 = Vector128.Load(s + (2 * ld)), a3 = Vector128.Load(s + (3 * ld));
            Vector128<float> x0 = Sse.UnpackLow(a0, a1), x1 = Sse.UnpackHigh(a0, a1), x2 = Sse.UnpackLow(a2, a3), x3 = Sse.UnpackHigh(a2, a3);
            Sse.MoveLowToHigh(x0, x2).Store(d);
            Sse.MoveHighToLow(x2, x0).Store(d + ldd);
            Sse.MoveLowToHigh(x1, x3).Store(d + (2 * ldd));
            Sse.MoveHighToLow(x3, x1).Store(d + (3 * ldd));
        }
        for (; c < columns; c++, s++, d += ldd)
        {
            for (int r = 0; r < 4; r++) d[r] = s[r * ld];
        }
    }
}
