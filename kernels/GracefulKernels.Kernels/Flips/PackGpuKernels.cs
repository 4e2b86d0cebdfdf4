using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Numbers of samples into bit planes: a group reads 2048 samples in order to shared memory, then a thread gathers one binary digit of 64 of them.
/// </summary>
internal static class PackGpuKernels
{
    public static readonly GpuKernel<Arguments> Correct = new(Pack<IsCorrect>);
    public static readonly GpuKernel<Arguments> Predictions = new(Pack<Prediction>);

    /// <summary>Words of one plane that a group makes.</summary>
    public const int WordsPerGroup = 32;

    // One more than a word's samples: threads of neighbouring words meet different banks of shared memory.
    private const int Pitch = 65;

    internal struct Arguments
    {
        public ArrayView<int> Predictions, Labels;
        public ArrayView<ulong> Bits;
        public long Rows, Words;
        public int Planes, IgnoreIndex;
    }

    private interface INumber
    {
        int Of(int prediction, int label);
    }

    private struct IsCorrect : INumber
    {
        public readonly int Of(int prediction, int label) => prediction == label ? 1 : 0;
    }

    private struct Prediction : INumber
    {
        public readonly int Of(int prediction, int label) => prediction;
    }

    private static void Pack<TNumber>(Arguments g) where TNumber : unmanaged, INumber
    {
        ArrayView<int> tile = SharedMemory.Allocate<int>(WordsPerGroup * Pitch);
        int thread = Group.IdxX;
        long firstWord = (long)Grid.IdxX * WordsPerGroup, firstRow = firstWord * 64;
        for (int i = thread; i < WordsPerGroup * 64; i += GpuKernels.GroupSize)
        {
            int number = 0;
            if (firstRow + i < g.Rows)
            {
                int label = g.Labels[firstRow + i];
                if (label != g.IgnoreIndex) number = default(TNumber).Of(g.Predictions[firstRow + i], label);
            }
            tile[((i >> 6) * Pitch) + (i & 63)] = number;
        }
        Group.Barrier();
        int word = thread & (WordsPerGroup - 1);
        if (firstWord + word < g.Words)
        {
            for (int plane = thread / WordsPerGroup; plane < g.Planes; plane += GpuKernels.GroupSize / WordsPerGroup)
            {
                uint low = 0, high = 0;
                for (int i = 0; i < 32; i++)
                {
                    low |= (((uint)tile[(word * Pitch) + i] >> plane) & 1u) << i;
                    high |= (((uint)tile[(word * Pitch) + 32 + i] >> plane) & 1u) << i;
                }
                g.Bits[(plane * g.Words) + firstWord + word] = ((ulong)high << 32) | low;
            }
        }
    }
}
