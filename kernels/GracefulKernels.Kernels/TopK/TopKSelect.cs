namespace GracefulKernels.Kernels;

/// <summary>Order among keys, all of which differ (but for zeros, which mean nothing).</summary>
internal static unsafe class TopKSelect
{
    /// <summary>Below this, moving elements one by one is quickest.</summary>
    private const int Few = 12;

    /// <summary>Brings the <paramref name="k"/> largest of <paramref name="count"/> keys to the front, in any order. Expected time O(count).</summary>
    public static void Largest(ulong* keys, int count, int k)
    {
        int from = 0, to = count - 1;
        while (to - from > Few)
        {
            ulong pivot = Median(keys[from], keys[from + ((to - from) / 2)], keys[to]);
            int i = from, j = to;
            while (i <= j)
            {
                while (keys[i] > pivot) i++;
                while (keys[j] < pivot) j--;
                if (i > j) break;
                (keys[i], keys[j]) = (keys[j], keys[i]);
                i++;
                j--;
            }
            // Now [from, j] ≥ pivot ≥ [i, to].
            if (k <= j - from + 1 + from && k - 1 <= j) to = j;
            else if (k - 1 >= i) from = i;
            else return;
        }
        Falling(keys + from, to - from + 1);
    }

    /// <summary>Sorts, the largest first.</summary>
    public static void Sort(ulong* keys, int count)
    {
        if (count <= Few)
        {
            Falling(keys, count);
            return;
        }
        Span<ulong> all = new(keys, count);
        all.Sort();
        all.Reverse();
    }

    private static void Falling(ulong* keys, int count)
    {
        for (int i = 1; i < count; i++)
        {
            ulong key = keys[i];
            int at = i;
            for (; at > 0 && keys[at - 1] < key; at--) keys[at] = keys[at - 1];
            keys[at] = key;
        }
    }

    private static ulong Median(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
