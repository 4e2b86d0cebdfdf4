using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Argmax of rows, bound by bytes: each logit is read once, four independent loads at a time, by a power of two of threads a row that follow each other.
/// </summary>
internal static class ArgmaxGpuKernels
{
    public static readonly GpuKernel<Arguments> Quads = new(Rows<QuadAccess, SharedReduction>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> Singles = new(Rows<SingleAccess, SharedReduction>);
    public static readonly GpuKernel<Arguments> QuadsByShuffles = new(Rows<QuadAccess, ShuffleReduction>, traits: KernelTraits.Vectors | KernelTraits.Shuffles);
    public static readonly GpuKernel<Arguments> SinglesByShuffles = new(Rows<SingleAccess, ShuffleReduction>, traits: KernelTraits.Shuffles);
    public static readonly GpuKernel<Arguments> Narrow = new(Staged);

    /// <summary>Elements of a row for which there is one more thread: two steps of sixteen.</summary>
    public const int ClassesPerThread = 32;

    /// <summary>Rows without gaps of up to so many classes go through shared memory, a thread a row.</summary>
    public const int MostStaged = 32;

    internal struct Arguments
    {
        public ArrayView<float> Logits;
        public ArrayView<int> Predictions;
        public int Rows, Classes, Ld;

        /// <summary>Binary logarithm of the number of threads that share a row.</summary>
        public int Shift;
    }

    private static void Rows<TAccess, TReduction>(Arguments g)
        where TAccess : unmanaged, IRowAccess
        where TReduction : unmanaged, IRowReduction
    {
        TAccess access = default;
        TReduction reduction = default;
        ArrayView<ulong> fold = SharedMemory.Allocate<ulong>(2 * GpuKernels.GroupSize);
        int threads = 1 << g.Shift, rows = GpuKernels.GroupSize >> g.Shift, thread = Group.IdxX, t = thread & (threads - 1);
        long firstRow = (long)Grid.IdxX * rows, row = firstRow + (thread >> g.Shift), start = row * g.Ld;
        int step = access.Step(threads), lowest = access.First(0, t, threads);
        // No classes where there is no row: nothing is read.
        int classes = row < g.Rows ? g.Classes : 0, blocks = (classes + (4 * threads) - 1) >> (g.Shift + 2);
        RowGpuBest best = new(lowest);
        for (int block = 0; block < blocks; block += 4)
        {
            int first = access.First(block, t, threads), second = access.First(block + 1, t, threads);
            int third = access.First(block + 2, t, threads), fourth = access.First(block + 3, t, threads);
            Float4 a = access.Load(g.Logits, start, first, step, classes), b = access.Load(g.Logits, start, second, step, classes);
            Float4 c = access.Load(g.Logits, start, third, step, classes), d = access.Load(g.Logits, start, fourth, step, classes);
            best.Add(a, first, step);
            best.Add(b, second, step);
            best.Add(c, third, step);
            best.Add(d, fourth, step);
        }
        reduction.Keys(fold, best.Key(lowest, classes), 0UL, false, threads, GpuKernels.GroupSize);
        if (thread < rows && firstRow + thread < g.Rows) g.Predictions[firstRow + thread] = RowGpuKey.Index(reduction.Key(fold, 0, thread, threads, GpuKernels.GroupSize));
    }

    private static void Staged(Arguments g)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(GpuKernels.GroupSize * MostStaged);
        int thread = Group.IdxX;
        long first = (long)Grid.IdxX * GpuKernels.GroupSize, start = first * g.Classes;
        int here = (int)IntrinsicMath.Min(GpuKernels.GroupSize, g.Rows - first), length = here * g.Classes;
        for (int i = thread; i < length; i += GpuKernels.GroupSize) tile[i] = g.Logits[start + i];
        Group.Barrier();
        if (thread < here)
        {
            RowGpuBest best = new(0);
            for (int i = 0; i < g.Classes; i++) best.Add(tile[(thread * g.Classes) + i], i);
            g.Predictions[first + thread] = RowGpuKey.Index(best.Key(0, g.Classes));
        }
    }
}
