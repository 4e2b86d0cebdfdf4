using System.Numerics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>One bit a sample: this model is right.</summary>
internal unsafe struct PackCorrectJob : IJob
{
    public const int WordsPerChunk = 1024;

    public long Rows;
    public int* Predictions;
    public int* Labels;
    public int IgnoreIndex;
    public ulong* Bits;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Execute(int chunk)
    {
        long first = (long)chunk * WordsPerChunk, last = Math.Min(first + WordsPerChunk, (Rows + 63) / 64);
        for (long word = first; word < last; word++)
        {
            long start = word * 64;
            int count = (int)Math.Min(64, Rows - start);
            ulong bits = 0;
            for (int i = 0; i < count; i++)
            {
                int label = Labels[start + i];
                bits |= (ulong)((label == Predictions[start + i] ? 1u : 0u) & (label != IgnoreIndex ? 1u : 0u)) << i;
            }
            Bits[word] = bits;
        }
    }
}

/// <summary>
/// Negative flips of every pair of models by popcount: <c>|a ∧ ¬b| = |a| − |a ∧ b|</c>, and <c>a ∧ b</c> is symmetric, so half of the pairs do.
/// A chunk's words of all models stay in the second-level cache while every pair reads them.
/// </summary>
internal unsafe struct PairwiseFlipsJob : IJob
{
    public const int WordsPerChunk = 512;

    public int Models;
    public long Words;
    public ulong* Bits;
    public long* Counts;

    public readonly void Execute(int chunk)
    {
        long first = (long)chunk * WordsPerChunk;
        int count = (int)Math.Min(WordsPerChunk, Words - first);
        for (int a = 0; a < Models; a++)
        {
            ulong* left = Bits + (a * Words) + first;
            int b = a;
            for (; b + 4 <= Models; b += 4) Four(left, Bits + (b * Words) + first, count, Counts + ((long)a * Models) + b);
            for (; b < Models; b++)
            {
                // Sums of integers: the order in which threads add is free.
                Interlocked.Add(ref Counts[((long)a * Models) + b], Common(left, Bits + (b * Words) + first, count));
            }
        }
    }

    /// <summary>From <c>|a ∧ b|</c>, a ≤ b, to <c>|a ∧ ¬b|</c> for all pairs.</summary>
    public static void Spread(int models, long* counts)
    {
        for (int a = 0; a < models; a++)
        {
            for (int b = a + 1; b < models; b++)
            {
                long common = counts[((long)a * models) + b];
                counts[((long)a * models) + b] = counts[((long)a * models) + a] - common;
                counts[((long)b * models) + a] = counts[((long)b * models) + b] - common;
            }
        }
        for (int a = 0; a < models; a++) counts[((long)a * models) + a] = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Four(ulong* a, ulong* b, int count, long* counts)
    {
        ulong* c = b + Words, d = c + Words, e = d + Words;
        long ab = 0, ac = 0, ad = 0, ae = 0;
        for (int i = 0; i < count; i++)
        {
            ulong word = a[i];
            ab += BitOperations.PopCount(word & b[i]);
            ac += BitOperations.PopCount(word & c[i]);
            ad += BitOperations.PopCount(word & d[i]);
            ae += BitOperations.PopCount(word & e[i]);
        }
        Interlocked.Add(ref counts[0], ab);
        Interlocked.Add(ref counts[1], ac);
        Interlocked.Add(ref counts[2], ad);
        Interlocked.Add(ref counts[3], ae);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Common(ulong* a, ulong* b, int count)
    {
        long common = 0;
        for (int i = 0; i < count; i++) common += BitOperations.PopCount(a[i] & b[i]);
        return common;
    }
}
