using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Counts over pairs of models from packed bits: a group takes 16 × 16 pairs of one slice of the words, a thread a pair, from words in shared memory.
/// Both counts are symmetric, so that half of the tiles do; slices add up in order in a second step.
/// </summary>
internal static class PairwiseGpuKernels
{
    public static readonly GpuKernel<Arguments> BothSet = new(Pairs<BothSetBits>);
    public static readonly GpuKernel<Arguments> NumbersDiffer = new(Pairs<DifferentBits>);
    public static readonly GpuKernel<TableArguments> Flips = new(FlipsOfSlices);
    public static readonly GpuKernel<TableArguments> Differ = new(DifferOfSlices);

    /// <summary>Models on a side of a tile.</summary>
    public const int Tile = 16;

    /// <summary>Words of a model in shared memory, of all planes.</summary>
    public const int Staged = 32;

    private const int Pitch = Staged + 1;

    internal struct Arguments
    {
        public ArrayView<ulong> Bits;

        /// <summary>[slices × models × models], in tiles on and right of the diagonal.</summary>
        public ArrayView<long> Counts;

        public long Words, WordsPerSlice;
        public int Models, Planes, Tiles;
    }

    internal struct TableArguments
    {
        public ArrayView<long> Slices, Counts;
        public int Models, SliceCount;
    }

    private interface IPairBits
    {
        ulong Add(ulong sofar, ulong a, ulong b);
    }

    private struct BothSetBits : IPairBits
    {
        public readonly ulong Add(ulong sofar, ulong a, ulong b) => sofar | (a & b);
    }

    private struct DifferentBits : IPairBits
    {
        public readonly ulong Add(ulong sofar, ulong a, ulong b) => sofar | (a ^ b);
    }

    private static void Pairs<TBits>(Arguments g) where TBits : unmanaged, IPairBits
    {
        ArrayView<ulong> first = SharedMemory.Allocate<ulong>(Tile * Pitch), second = SharedMemory.Allocate<ulong>(Tile * Pitch);
        // The y-th tile on or right of the diagonal, row by row.
        int tileA = 0, tileB = Grid.IdxY;
        while (tileB >= g.Tiles - tileA)
        {
            tileB -= g.Tiles - tileA;
            tileA++;
        }
        tileB += tileA;
        int thread = Group.IdxX, a = thread / Tile, b = thread & (Tile - 1);
        int perStage = Staged / g.Planes, slots = perStage * g.Planes;
        long start = Grid.IdxX * g.WordsPerSlice, end = IntrinsicMath.Min(start + g.WordsPerSlice, g.Words);
        long count = 0;
        for (long word = start; word < end; word += perStage)
        {
            for (int i = thread; i < Tile * Staged; i += GpuKernels.GroupSize)
            {
                int model = i / Staged, slot = i & (Staged - 1), plane = slot / perStage, offset = slot - (plane * perStage);
                bool here = slot < slots && word + offset < end;
                long at = (plane * g.Words) + word + offset, stride = g.Planes * g.Words;
                int modelA = (tileA * Tile) + model, modelB = (tileB * Tile) + model;
                first[(model * Pitch) + slot] = here && modelA < g.Models ? g.Bits[(modelA * stride) + at] : 0UL;
                second[(model * Pitch) + slot] = here && modelB < g.Models ? g.Bits[(modelB * stride) + at] : 0UL;
            }
            Group.Barrier();
            for (int offset = 0; offset < perStage; offset++)
            {
                ulong bits = 0;
                for (int slot = offset; slot < slots; slot += perStage) bits = default(TBits).Add(bits, first[(a * Pitch) + slot], second[(b * Pitch) + slot]);
                count += IntrinsicMath.PopCount(bits);
            }
            Group.Barrier();
        }
        int rowModel = (tileA * Tile) + a, columnModel = (tileB * Tile) + b;
        if (rowModel < g.Models && columnModel < g.Models)
        {
            g.Counts[(((long)Grid.IdxX * g.Models) + rowModel) * g.Models + columnModel] = count;
        }
    }

    /// <summary><c>|a ∧ ¬b| = |a| − |a ∧ b|</c>.</summary>
    private static void FlipsOfSlices(TableArguments g)
    {
        int b = (Grid.IdxX * GpuKernels.GroupSize) + Group.IdxX, a = Grid.IdxY;
        if (b >= g.Models) return;
        g.Counts[((long)a * g.Models) + b] = Sum(g, a, a) - Sum(g, a, b);
    }

    private static void DifferOfSlices(TableArguments g)
    {
        int b = (Grid.IdxX * GpuKernels.GroupSize) + Group.IdxX, a = Grid.IdxY;
        if (b >= g.Models) return;
        g.Counts[((long)a * g.Models) + b] = Sum(g, a, b);
    }

    private static long Sum(TableArguments g, int a, int b)
    {
        // Within a tile all pairs are there; among tiles those right of the diagonal.
        int low = IntrinsicMath.Min(a, b), high = IntrinsicMath.Max(a, b);
        long sum = 0, at = ((long)low * g.Models) + high, stride = (long)g.Models * g.Models;
        for (int slice = 0; slice < g.SliceCount; slice++) sum += g.Slices[(slice * stride) + at];
        return sum;
    }
}
