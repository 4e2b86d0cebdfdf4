namespace GracefulKernels;

/// <summary>How well the queries of one model find items of their label in the gallery of another (or of the same).</summary>
public sealed class RetrievalResult
{
    private readonly int[] _firstRanks;
    private readonly double[] _averagePrecisions;
    private readonly int[] _matchedRanks;

    internal RetrievalResult(int galleryRows, int[] firstRanks, double[] averagePrecisions, VerificationPoint[] verification, IdentificationPoint[] identification)
    {
        GalleryRows = galleryRows;
        _firstRanks = firstRanks;
        _averagePrecisions = averagePrecisions;
        _matchedRanks = [.. firstRanks.Where(r => r >= 0)];
        Verification = verification;
        Identification = identification;
        double sum = 0;
        foreach (double precision in averagePrecisions)
        {
            if (!double.IsNaN(precision)) sum += precision;
        }
        MeanAveragePrecision = sum / QueriesWithMatch;
    }

    /// <summary>All queries.</summary>
    public int Queries => _firstRanks.Length;

    /// <summary>Items of the gallery.</summary>
    public int GalleryRows { get; }

    /// <summary>Queries whose label the gallery has, an excluded item aside: those that recall and mAP speak of.</summary>
    public int QueriesWithMatch => _matchedRanks.Length;

    /// <summary>Queries of norm 0: every cosine is 0.</summary>
    public int ZeroQueries { get; internal init; }

    /// <summary>Queries with a NaN or an infinity, which find nothing.</summary>
    public int NotFiniteQueries { get; internal init; }

    /// <summary>Gallery items of norm 0.</summary>
    public int ZeroGalleryRows { get; internal init; }

    /// <summary>Gallery items with a NaN or an infinity, which are never found.</summary>
    public int NotFiniteGalleryRows { get; internal init; }

    /// <summary>
    /// Mean over the queries with a match of <c>(1/R) Σ (relevant items up to it) / (its rank)</c> over the R items of the query's label, over the full
    /// ranking; NaN without such queries.
    /// </summary>
    public double MeanAveragePrecision { get; }

    /// <summary>One point for each false accept rate asked for.</summary>
    public IReadOnlyList<VerificationPoint> Verification { get; }

    /// <summary>One point for each false positive rate asked for.</summary>
    public IReadOnlyList<IdentificationPoint> Identification { get; }

    /// <summary>For each query the average precision; NaN where its label is not in the gallery.</summary>
    public IReadOnlyList<double> AveragePrecisions => _averagePrecisions;

    /// <summary>For each query the rank of the first item of its label, from 1; 0 where none is ever found, −1 where the gallery has none.</summary>
    public IReadOnlyList<int> FirstRanks => _firstRanks;

    /// <summary>Queries with an item of their label among their first <paramref name="k"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">k is below 1.</exception>
    public int RecallCount(int k)
    {
        Check.Positive(k);
        return _matchedRanks.Count(r => r >= 1 && r <= k);
    }

    /// <summary>recall@k: their share of the queries with a match; NaN without such queries. Over k it is the CMC curve.</summary>
    /// <exception cref="ArgumentOutOfRangeException">k is below 1.</exception>
    public double Recall(int k) => (double)RecallCount(k) / QueriesWithMatch;
}
