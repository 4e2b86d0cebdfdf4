using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// The K largest logits of each row, the lowest index first among equals, as one bit a class. In K rounds: each finds the largest key (value, then place) below the last one's.
/// A row is read once from memory, and K times from the nearest caches.
/// </summary>
internal static class TopClassesGpuKernels
{
    public static readonly GpuKernel<Arguments> Choose = new(Select<SharedReduction>);
    public static readonly GpuKernel<Arguments> ChooseByShuffles = new(Select<ShuffleReduction>, traits: KernelTraits.Shuffles);

    internal struct Arguments
    {
        public ArrayView<float> Logits;
        public ArrayView<int> Labels;

        /// <summary>[rows × <see cref="Words"/>]: 1 in the first word where the row holds a NaN, then the bits.</summary>
        public ArrayView<int> Chosen;

        public int Rows, Classes, Ld;

        /// <summary>K, which is not looked for where all classes are chosen (1).</summary>
        public int Rounds, All;

        /// <summary>Binary logarithm of the number of threads that share a row.</summary>
        public int Shift;

        /// <summary>1: the label is not chosen.</summary>
        public int ExcludesTrueClass;
    }

    /// <summary>Words of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Words(int classes) => ((classes + 31) >> 5) + 1;

    /// <summary>Whether a class of a row is among the chosen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Has(ArrayView<int> chosen, long row, int classes, int index)
        => ((chosen[(row * Words(classes)) + 1 + (index >> 5)] >> (index & 31)) & 1) != 0;

    /// <summary>Whether the row that chose held no NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsKnown(ArrayView<int> chosen, long row, int classes) => chosen[row * Words(classes)] == 0;

    private static void Select<TReduction>(Arguments g) where TReduction : unmanaged, IRowReduction
    {
        TReduction reduction = default;
        ArrayView<ulong> fold = SharedMemory.Allocate<ulong>(GpuKernels.GroupSize);
        int threads = 1 << g.Shift, rows = GpuKernels.GroupSize >> g.Shift, slot = Group.IdxX >> g.Shift, t = Group.IdxX & (threads - 1);
        long row = ((long)Grid.IdxX * rows) + slot, start = row * g.Ld;
        int classes = 0, excluded = -1;
        if (row < g.Rows)
        {
            classes = g.Classes;
            if (g.ExcludesTrueClass != 0) excluded = g.Labels[row];
        }
        ulong none = 0;
        for (int c = t; c < classes; c += threads) none |= float.IsNaN(g.Logits[start + c]) ? 1UL : 0UL;
        reduction.Keys(fold, none, 0UL, false, threads, GpuKernels.GroupSize);
        none = reduction.Key(fold, 0, slot, threads, GpuKernels.GroupSize);
        Group.Barrier();
        // Above every key of a number; all keys are above 0.
        ulong bound = ulong.MaxValue;
        for (int round = 0; round < g.Rounds; round++)
        {
            ulong best = 0;
            for (int c = t; c < classes; c += threads)
            {
                float z = g.Logits[start + c];
                ulong key = RowGpuKey.Of(z, c, float.IsNaN(z));
                bool better = (key > best) & (key < bound) & (c != excluded);
                best = better ? key : best;
            }
            reduction.Keys(fold, best, 0UL, false, threads, GpuKernels.GroupSize);
            bound = reduction.Key(fold, 0, slot, threads, GpuKernels.GroupSize);
            Group.Barrier();
        }
        if (g.All != 0) bound = 0;
        int words = Words(g.Classes);
        if (row >= g.Rows) return;
        if (t == 0) g.Chosen[row * words] = (int)none;
        for (int w = t; w < words - 1; w += threads)
        {
            int bits = 0;
            for (int bit = 0; bit < 32; bit++)
            {
                int c = (w << 5) + bit;
                bool chosen = false;
                if (c < classes) chosen = (RowGpuKey.Of(g.Logits[start + c], c, false) >= bound) & (c != excluded);
                bits |= chosen ? 1 << bit : 0;
            }
            g.Chosen[(row * words) + 1 + w] = bits;
        }
    }
}
