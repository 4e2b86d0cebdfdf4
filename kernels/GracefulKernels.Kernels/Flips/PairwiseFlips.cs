using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
/// Counts over every pair of models a ≤ b, into the upper triangle. A chunk's words of all models stay in the second-level
/// cache while every pair reads them. Negative flips are <c>|a ∧ ¬b| = |a| − |a ∧ b|</c>, and <c>a ∧ b</c> is symmetric, so
/// half of the pairs do.
/// </summary>
internal unsafe struct PairwiseJob<TLanes, TOperator> : IJob
    where TOperator : struct, IPairOperator
{
    public int Models;
    public int Planes;
    public long Words;
    public ulong* Bits;
    public long* Counts;

    /// <summary>Models whose words stay in the first-level cache while the others pass.</summary>
    private const int Block = 4;

    /// <summary>Words of all models that are worth a copy to whole cache lines: what a second-level cache holds.</summary>
    private const int CopiedWords = 1 << 17;

    /// <summary>A multiple of 128 words (sixteen of the widest registers), fewer where a model has several planes.</summary>
    public static int WordsPerChunk(int planes) => Math.Max(128, (1024 / planes) & ~127);

    public readonly void Execute(int chunk)
    {
        int perChunk = WordsPerChunk(Planes);
        long first = (long)chunk * perChunk, stride = Words, rows = (long)Models * Planes;
        int count = (int)Math.Min(perChunk, Words - first);
        ulong* bits = Bits + first;
        // A load that straddles two lines costs two.
        if (((Words & 7) != 0 || ((nint)Bits & 63) != 0) && rows * perChunk <= CopiedWords)
        {
            bits = Scratch.Get<ulong>(ScratchSlot.RowLoss, rows * perChunk);
            for (long row = 0; row < rows; row++)
            {
                new ReadOnlySpan<ulong>(Bits + (row * Words) + first, count).CopyTo(new Span<ulong>(bits + (row * perChunk), count));
            }
            stride = perChunk;
        }
        long model = Planes * stride;
        for (int block = 0; block < Models; block += Block)
        {
            int end = Math.Min(block + Block, Models);
            for (int a = 0; a < end; a++)
            {
                for (int b = Math.Max(a, block); b < end; b++)
                {
                    long common = Count(bits + (a * model), bits + (b * model), count, stride);
                    // Sums of integers: the order in which threads add is free.
                    Interlocked.Add(ref Counts[((long)a * Models) + b], common);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly long Count(ulong* a, ulong* b, int words, long stride)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            return PairCounter<Vector512<ulong>, BitRegister512, TOperator>.Count(a, b, words, Planes, stride);
        }
        if (typeof(TLanes) == typeof(Lanes256))
        {
            return PairCounter<Vector256<ulong>, BitRegister256, TOperator>.Count(a, b, words, Planes, stride);
        }
        if (typeof(TLanes) == typeof(Lanes128))
        {
            return PairCounter<Vector128<ulong>, BitRegister128, TOperator>.Count(a, b, words, Planes, stride);
        }
        return PairCounter<ulong, BitRegisterScalar, TOperator>.Count(a, b, words, Planes, stride);
    }
}

internal static unsafe class PairwiseTable
{
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

    /// <summary>The upper triangle into the lower.</summary>
    public static void Mirror(int models, long* counts)
    {
        for (int a = 0; a < models; a++)
        {
            for (int b = a + 1; b < models; b++) counts[((long)b * models) + a] = counts[((long)a * models) + b];
        }
    }
}
