namespace GracefulKernels;

/// <summary>The best k gallery items of each query, best first.</summary>
public sealed class SearchResult
{
    private readonly int[] _excluded;

    internal SearchResult(int queries, int k, int[] indices, float[] scores, int[] excluded)
    {
        Queries = queries;
        K = k;
        Indices = indices;
        Scores = scores;
        _excluded = excluded;
    }

    /// <summary>Number of queries.</summary>
    public int Queries { get; }

    /// <summary>Items of a query.</summary>
    public int K { get; }

    /// <summary>Gallery indices [queries × k]: the lowest first among equal scores, −1 where the gallery has no more.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>
    /// [queries × k]: cosines, inner products, or Euclidean distances (never negative, computed anew in fp64 and then ordered by); NaN where the index is −1.
    /// </summary>
    public IReadOnlyList<float> Scores { get; }

    /// <summary>
    /// The cumulative match characteristic: entry i is the share of queries that have an item of their label among their first i + 1, recall@(i + 1). Queries
    /// whose label is not in the gallery are left out; NaN without others.
    /// </summary>
    /// <param name="queryLabels">[queries].</param>
    /// <param name="galleryLabels">[gallery].</param>
    /// <returns>[k].</returns>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public double[] CumulativeMatches(ReadOnlySpan<int> queryLabels, ReadOnlySpan<int> galleryLabels)
    {
        Check.Length(queryLabels.Length, Queries, nameof(queryLabels), "one for each query");
        int last = Indices.Count == 0 ? -1 : Indices.Max();
        if (galleryLabels.Length <= last) throw new ArgumentException($"galleryLabels is [{galleryLabels.Length}]; item {last} was found.", nameof(galleryLabels));
        Dictionary<int, int> items = [];
        foreach (int label in galleryLabels) items[label] = items.GetValueOrDefault(label) + 1;
        long[] firsts = new long[K];
        long known = 0;
        for (int q = 0; q < Queries; q++)
        {
            int label = queryLabels[q], excluded = _excluded.Length == 0 ? -1 : _excluded[q];
            int matches = items.GetValueOrDefault(label);
            if ((uint)excluded < (uint)galleryLabels.Length && galleryLabels[excluded] == label) matches--;
            if (matches == 0) continue;
            known++;
            for (int i = 0; i < K && Indices[(q * K) + i] >= 0; i++)
            {
                if (galleryLabels[Indices[(q * K) + i]] != label) continue;
                firsts[i]++;
                break;
            }
        }
        double[] curve = new double[K];
        long sum = 0;
        for (int i = 0; i < K; i++) curve[i] = (double)(sum += firsts[i]) / known;
        return curve;
    }
}
