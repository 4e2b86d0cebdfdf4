namespace GracefulKernels.Kernels;

/// <summary>
/// The best keys that a query has met. A short list is kept in order; a long one is filled to twice its length and cut to the best half, so that a key
/// costs a few steps on average either way.
/// </summary>
internal static unsafe class TopKList
{
    /// <summary>Longest list that is kept in order.</summary>
    private const int MostOrdered = 32;

    /// <summary>Keys that the memory of a list of <paramref name="k"/> holds.</summary>
    public static int Capacity(int k) => k <= MostOrdered ? k : 2 * k;

    /// <summary>Adds a key whose score is above <paramref name="limit"/>, which rises when the list is full.</summary>
    public static void Add(ulong* keys, int k, ref int count, ref float limit, ulong key)
    {
        if (k <= MostOrdered)
        {
            int at = count < k ? count++ : k - 1;
            for (; at > 0 && keys[at - 1] < key; at--) keys[at] = keys[at - 1];
            keys[at] = key;
            if (count == k) limit = RankKey.Score(keys[k - 1]);
            return;
        }
        keys[count++] = key;
        if (count < 2 * k) return;
        TopKSelect.Largest(keys, count, k);
        count = k;
        ulong least = keys[0];
        for (int i = 1; i < k; i++) least = Math.Min(least, keys[i]);
        limit = RankKey.Score(least);
    }

    /// <summary>Puts the best first and returns how many there are, at most <paramref name="k"/>.</summary>
    public static int Finish(ulong* keys, int k, int count)
    {
        if (k <= MostOrdered) return count;
        if (count > k) TopKSelect.Largest(keys, count, k);
        count = Math.Min(count, k);
        TopKSelect.Sort(keys, count);
        return count;
    }

    /// <summary>Writes a finished list as a row of the result, padded to <paramref name="k"/>.</summary>
    public static void Store(ulong* keys, int count, int k, int* indices, float* scores)
    {
        for (int i = 0; i < k; i++)
        {
            indices[i] = i < count ? RankKey.Index(keys[i]) : -1;
            scores[i] = i < count ? RankKey.Score(keys[i]) : float.NaN;
        }
    }
}
