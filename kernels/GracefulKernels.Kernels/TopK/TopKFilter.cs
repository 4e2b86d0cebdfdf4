using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The lists of a group of queries, and what passes their limits: nearly always nothing, which sixteen queries learn of a tile by one comparison of its
/// largest scores.
/// </summary>
internal unsafe struct TopKFilter<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private readonly int _k;
    private readonly int _capacity;
    private readonly int _query;
    private readonly float* _offsets;
    private readonly int* _excluded;

    /// <summary>[queries × capacity].</summary>
    private readonly ulong* _keys;

    private readonly int* _counts;

    /// <summary>What a score must be above: −∞ until a query's list is full, +∞ for columns that are no query.</summary>
    private readonly float* _limits;

    /// <param name="k">Length of a list.</param>
    /// <param name="query">First query of the group.</param>
    /// <param name="count">Its queries.</param>
    /// <param name="offsets">[gallery], or null.</param>
    /// <param name="excluded">[all queries], or null.</param>
    public TopKFilter(int k, int query, int count, float* offsets, int* excluded)
    {
        _k = k;
        _capacity = TopKList.Capacity(k);
        _query = query;
        _offsets = offsets;
        _excluded = excluded;
        int columns = (count + 31) / 32 * 32;
        _keys = Scratch.Get<ulong>(ScratchSlot.TopK, ((long)count * _capacity) + columns);
        _counts = (int*)(_keys + ((nint)count * _capacity));
        _limits = (float*)(_counts + columns);
        new Span<int>(_counts, columns).Clear();
        new Span<float>(_limits, count).Fill(float.NegativeInfinity);
        new Span<float>(_limits + count, columns - count).Fill(float.PositiveInfinity);
    }

    /// <summary>Takes in a tile of scores: gallery rows from <paramref name="row"/> on by queries from <paramref name="column"/> of the group on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Pass(float* tile, int width, int rows, int row, int column)
    {
        for (int j = 0; j < width; j += 16)
        {
            // Max keeps its second argument where the first is NaN: a NaN is never the largest.
            TLanes limit = TLanes.Load(_limits + column + j), even = limit, odd = limit;
            float* at = tile + j;
            int r = 0;
            if (_offsets == null)
            {
                for (; r + 1 < rows; r += 2, at += 2 * width)
                {
                    even = TLanes.Max(TLanes.Load(at), even);
                    odd = TLanes.Max(TLanes.Load(at + width), odd);
                }
                if (r < rows) even = TLanes.Max(TLanes.Load(at), even);
            }
            else
            {
                for (; r < rows; r++, at += width) even = TLanes.Max(TLanes.Load(at) + TLanes.Broadcast(_offsets[row + r]), even);
            }
            if (TLanes.ToBits(TLanes.GreaterThan(TLanes.Max(even, odd), limit)) != 0) Enter(tile + j, width, rows, row, column + j);
        }
    }

    /// <summary>The list of query <paramref name="query"/> of the group, best first.</summary>
    public readonly ulong* Finish(int query, out int count)
    {
        ulong* keys = _keys + ((nint)query * _capacity);
        count = TopKList.Finish(keys, _k, _counts[query]);
        return keys;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Enter(float* tile, int width, int rows, int row, int column)
    {
        float* scores = stackalloc float[16];
        for (int r = 0; r < rows; r++, tile += width)
        {
            TLanes score = TLanes.Load(tile);
            if (_offsets != null) score += TLanes.Broadcast(_offsets[row + r]);
            uint bits = TLanes.ToBits(TLanes.GreaterThan(score, TLanes.Load(_limits + column)));
            if (bits == 0) continue;
            TLanes.Store(scores, score);
            for (; bits != 0; bits &= bits - 1)
            {
                int lane = System.Numerics.BitOperations.TrailingZeroCount(bits), query = column + lane, index = row + r;
                if (_excluded != null && _excluded[_query + query] == index) continue;
                TopKList.Add(_keys + ((nint)query * _capacity), _k, ref _counts[query], ref _limits[query], RankKey.Of(scores[lane], index));
            }
        }
    }
}
