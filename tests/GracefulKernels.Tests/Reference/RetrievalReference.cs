namespace GracefulKernels.Tests;

/// <summary>Retrieval metrics by their definitions: every score in fp64, every ranking sorted, every pair listed.</summary>
internal sealed class RetrievalReference
{
    private readonly int[][] _rankings;
    private readonly double[,] _scores;
    private readonly int[] _galleryLabels, _queryLabels, _exclude;

    /// <param name="scores">[query, item], larger is nearer; NaN is behind all.</param>
    public RetrievalReference(double[,] scores, int[] galleryLabels, int[] queryLabels, int[] exclude)
    {
        (_scores, _galleryLabels, _queryLabels, _exclude) = (scores, galleryLabels, queryLabels, exclude);
        _rankings =
        [
            .. Enumerable.Range(0, queryLabels.Length).Select(q => Items(q).Where(i => !double.IsNaN(scores[q, i])).OrderByDescending(i => scores[q, i]).ThenBy(i => i).ToArray()),
        ];
    }

    public bool HasMatch(int query) => Items(query).Any(i => _galleryLabels[i] == _queryLabels[query]);

    public int FirstRank(int query) => HasMatch(query) ? 1 + Array.FindIndex(_rankings[query], i => _galleryLabels[i] == _queryLabels[query]) : -1;

    public double AveragePrecision(int query)
    {
        double sum = 0;
        int seen = 0;
        for (int r = 0; r < _rankings[query].Length; r++)
        {
            if (_galleryLabels[_rankings[query][r]] == _queryLabels[query]) sum += ++seen / (r + 1.0);
        }
        int relevant = Items(query).Count(i => _galleryLabels[i] == _queryLabels[query]);
        return relevant == 0 ? double.NaN : sum / relevant;
    }

    /// <summary>Threshold, and accepted genuine and impostor pairs.</summary>
    public (double Threshold, long Genuine, long Impostors) Verify(double far)
    {
        (double Score, bool Genuine)[] pairs =
        [
            .. from q in Enumerable.Range(0, _queryLabels.Length) from i in Items(q) select (_scores[q, i], _queryLabels[q] == _galleryLabels[i]),
        ];
        double[] impostors = [.. pairs.Where(p => !p.Genuine).Select(p => double.IsNaN(p.Score) ? double.NegativeInfinity : p.Score).OrderDescending()];
        int rank = (int)Math.Floor(far * impostors.Length);
        double threshold = rank < impostors.Length ? impostors[rank] : double.NegativeInfinity;
        return (threshold, pairs.Count(p => p.Genuine && p.Score > threshold), pairs.Count(p => !p.Genuine && p.Score > threshold));
    }

    private IEnumerable<int> Items(int query) => Enumerable.Range(0, _galleryLabels.Length).Where(i => _exclude.Length == 0 || _exclude[query] != i);
}
