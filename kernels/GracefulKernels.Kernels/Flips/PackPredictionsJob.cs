using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>Predictions turned by a quarter: one word holds one binary digit of 64 samples.</summary>
internal unsafe struct PackPredictionsJob : IJob
{
    public const int WordsPerChunk = 1024;

    public long Rows;
    public int* Predictions;
    public int* Labels;
    public int IgnoreIndex;
    public int Planes;
    public ulong* Bits;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Execute(int chunk)
    {
        long words = (Rows + 63) / 64, first = (long)chunk * WordsPerChunk, last = Math.Min(first + WordsPerChunk, words);
        int* kept = stackalloc int[64];
        for (long word = first; word < last; word++)
        {
            long start = word * 64;
            int count = (int)Math.Min(64, Rows - start);
            // The highest plane into the sign bits, which come out four at a time.
            int shift = 32 - Planes;
            for (int i = 0; i < count; i++) kept[i] = Labels[start + i] == IgnoreIndex ? 0 : Predictions[start + i] << shift;
            for (int i = count; i < 64; i++) kept[i] = 0;
            for (int p = Planes - 1; p >= 0; p--)
            {
                ulong bits = 0;
                for (int i = 0; i < 64; i += 4)
                {
                    Vector128<int> four = Vector128.Load(kept + i);
                    bits |= (ulong)four.ExtractMostSignificantBits() << i;
                    (four + four).Store(kept + i);
                }
                Bits[(p * words) + word] = bits;
            }
        }
    }
}
