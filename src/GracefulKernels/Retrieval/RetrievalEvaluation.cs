namespace GracefulKernels;

/// <summary>Recall, mAP, verification and open-set identification of queries over a gallery.</summary>
public static class RetrievalEvaluation
{
    /// <summary>
    /// Ranks the whole gallery for each query and measures. Ties rank by the lowest gallery index; a NaN score is behind every other, is never found and
    /// never accepted.
    /// </summary>
    /// <remarks>
    /// The scores are computed a few queries at a time, twice where false accept rates are asked for, and thrown away: 16 MB of them at once, or those of one
    /// query; thresholds are exact all the same. Counts are whole numbers, so results do not depend on threads.
    /// </remarks>
    /// <param name="gallery">The gallery.</param>
    /// <param name="galleryLabels">[gallery], any whole numbers.</param>
    /// <param name="queries">Queries of the gallery's width.</param>
    /// <param name="queryLabels">[queries].</param>
    /// <param name="options">Rates; null for none.</param>
    /// <param name="exclude">[queries]: a gallery item that this query does not see and that is in no pair with it, negative for none; or empty.</param>
    /// <param name="progress">The part done, from 0 to 1, after each block of queries.</param>
    /// <param name="cancellation">Looked at before each block.</param>
    /// <exception cref="ArgumentException">A length or the width does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A rate is outside [0, 1], or <paramref name="exclude"/> names an item that the gallery does not have.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RetrievalResult Run(
        GallerySearch gallery,
        ReadOnlySpan<int> galleryLabels,
        Embeddings queries,
        ReadOnlySpan<int> queryLabels,
        RetrievalOptions? options = null,
        ReadOnlySpan<int> exclude = default,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(gallery);
        gallery.CheckQueries(queries, nameof(queries));
        Check.Length(galleryLabels.Length, gallery.Rows, nameof(galleryLabels), "one for each item of the gallery");
        Check.Length(queryLabels.Length, queries.Rows, nameof(queryLabels), "one for each query");
        gallery.CheckExcluded(exclude, queries.Rows);
        options ??= new RetrievalOptions();
        options.Check();
        PreparedRows prepared = PreparedRows.Of([queries], gallery.Similarity);
        bool verifies = options.FalseAcceptRates.Count > 0;
        var blocks = new ScoreBlocks(gallery, prepared, passes: verifies ? 2 : 1, progress, cancellation);
        var run = new RetrievalRun(gallery, galleryLabels.ToArray(), prepared, queryLabels.ToArray(), exclude.ToArray(), blocks);
        run.Rank(countsPairs: verifies);
        return new RetrievalResult(
            gallery.Rows,
            run.FirstRanks,
            run.AveragePrecisions,
            run.Verify([.. options.FalseAcceptRates]),
            [.. options.FalsePositiveRates.Select(run.Identify)])
        {
            ZeroQueries = prepared.Zero,
            NotFiniteQueries = prepared.NotFinite,
            ZeroGalleryRows = gallery.ZeroRows,
            NotFiniteGalleryRows = gallery.NotFiniteRows,
        };
    }
}
