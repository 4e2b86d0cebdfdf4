using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>Fewer than sixteen 16-bit words: no instruction set below AVX-512BW masks them. Rare (the end of a row), so apart from the fast path.</summary>
internal static unsafe class PartialWords
{
    public static Vector256<ushort> Load(ushort* source, int count)
    {
        ushort* padded = stackalloc ushort[16];
        for (int i = 0; i < 16; i++) padded[i] = i < count ? source[i] : (ushort)0;
        return Vector256.Load(padded);
    }

    public static void Store(ushort* destination, int count, Vector256<ushort> words)
    {
        ushort* whole = stackalloc ushort[16];
        words.Store(whole);
        for (int i = 0; i < count; i++) destination[i] = whole[i];
    }
}
