using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// The best k of each query, a tile of the gallery's scores at a time: a group sorts a tile in shared memory and merges it with its query's list. All
/// loops with barriers have a fixed number of rounds.
/// </summary>
internal static class TopKGpuKernels
{
    /// <summary>Scores that a group sorts: 16 KB of keys.</summary>
    public const int Tile = 2048;

    public static readonly GpuKernel<MergeArguments> Merge = new(MergeTile);
    public static readonly GpuKernel<StoreArguments> Store = new(StoreLists);

    internal struct MergeArguments
    {
        /// <summary>[queries × <see cref="Ld"/>].</summary>
        public ArrayView<float> Scores;

        /// <summary>[gallery], or empty.</summary>
        public ArrayView<float> Offsets;

        /// <summary>[queries of this launch], or empty.</summary>
        public ArrayView<int> Excluded;

        /// <summary>Lists [queries × k] of falling keys, 0 behind the last, before and after.</summary>
        public ArrayView<ulong> From, To;

        public int K, Ld;

        /// <summary>Column of the scores, and gallery row, with which the tile begins; how many it has.</summary>
        public int Column, Row, Count;

        /// <summary>0 before the first tile: <see cref="From"/> is not read.</summary>
        public int HasLists;
    }

    internal struct StoreArguments
    {
        public ArrayView<ulong> Lists;
        public ArrayView<int> Indices;
        public ArrayView<float> Scores;
        public long Count;
    }

    private static void MergeTile(MergeArguments g)
    {
        ArrayView<ulong> tile = SharedMemory.Allocate<ulong>(Tile);
        int thread = Group.IdxX, query = Grid.IdxX;
        long scores = ((long)query * g.Ld) + g.Column, list = (long)query * g.K;
        int excluded = g.Excluded.Length > 0 ? g.Excluded[query] : -1;
        for (int i = thread; i < Tile; i += GpuKernels.GroupSize) tile[i] = i < g.Count ? Key(g, scores + i, g.Row + i, excluded) : 0UL;
        Group.Barrier();
        Sort(tile, thread);
        // Where a key goes is its place in its own list and the number of larger ones in the other: the first k places are filled exactly once.
        for (int j = thread; j < g.K; j += GpuKernels.GroupSize)
        {
            ulong key = g.HasLists != 0 ? g.From[list + j] : 0UL;
            int place = j + LargerInTile(tile, key);
            if (place < g.K) g.To[list + place] = key;
        }
        int best = IntrinsicMath.Min(g.K, Tile);
        for (int i = thread; i < best; i += GpuKernels.GroupSize)
        {
            ulong key = tile[i];
            int place = i + LargerInList(g, list, key);
            if (key != 0UL & place < g.K) g.To[list + place] = key;
        }
    }

    private static void StoreLists(StoreArguments g)
    {
        long i = ((long)Grid.IdxX * GpuKernels.GroupSize) + Group.IdxX;
        if (i < g.Count)
        {
            ulong key = g.Lists[i];
            g.Indices[i] = key == 0UL ? -1 : RowGpuKey.Index(key);
            g.Scores[i] = key == 0UL ? float.NaN : RowGpuKey.Value(key);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Key(MergeArguments g, long at, int row, int excluded)
    {
        float score = g.Scores[at];
        if (g.Offsets.Length > 0) score += g.Offsets[row];
        // False for a NaN.
        bool enters = score > float.NegativeInfinity & row != excluded;
        ulong key = RowGpuKey.Of(score, row, false);
        return enters ? key : 0UL;
    }

    /// <summary>Batcher's bitonic sort, the largest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sort(ArrayView<ulong> tile, int thread)
    {
        for (int size = 2; size <= Tile; size <<= 1)
        {
            for (int stride = size >> 1; stride > 0; stride >>= 1)
            {
                for (int i = thread; i < Tile / 2; i += GpuKernels.GroupSize)
                {
                    int inner = i & (stride - 1), low = ((i - inner) << 1) + inner, high = low + stride;
                    ulong a = tile[low], b = tile[high];
                    bool rising = (low & size) != 0;
                    bool swaps = rising ? a > b : a < b;
                    tile[low] = swaps ? b : a;
                    tile[high] = swaps ? a : b;
                }
                Group.Barrier();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LargerInTile(ArrayView<ulong> tile, ulong key)
    {
        int place = 0;
        for (int step = Tile / 2; step > 0; step >>= 1)
        {
            if (tile[place + step - 1] > key) place += step;
        }
        return tile[place] > key ? place + 1 : place;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LargerInList(MergeArguments g, long list, ulong key)
    {
        int low = 0, high = g.HasLists != 0 ? g.K : 0;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            bool larger = g.From[list + middle] > key;
            low = larger ? middle + 1 : low;
            high = larger ? high : middle;
        }
        return low;
    }
}
