namespace GracefulKernels;

/// <summary>
/// Every query model of a family against every gallery model: entry [q, g] is the result of the queries of model q over the gallery of model g. The
/// diagonal has the models by themselves.
/// </summary>
public sealed class CompatibilityMatrix
{
    private readonly string[] _names;
    private readonly RetrievalResult?[,] _results;

    private CompatibilityMatrix(string[] names, RetrievalResult?[,] results)
    {
        _names = names;
        _results = results;
    }

    /// <summary>Number of models.</summary>
    public int Models => _names.Length;

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The result of model <paramref name="query"/>'s queries over model <paramref name="gallery"/>'s gallery; null where one of them has none.</summary>
    public RetrievalResult? this[int query, int gallery] => _results[query, gallery];

    /// <summary>Evaluates every pair of models that has queries and a gallery. Each gallery is prepared once.</summary>
    /// <param name="models">At least one; all queries are of the same images, and so are all galleries.</param>
    /// <param name="queryLabels">[queries].</param>
    /// <param name="galleryLabels">[gallery].</param>
    /// <param name="similarity">What is near.</param>
    /// <param name="options">Rates; null for none.</param>
    /// <param name="exclude">As in <see cref="RetrievalEvaluation.Run"/>.</param>
    /// <param name="fitWidths">Whether queries of another width than a gallery are made to fit it by <see cref="Embeddings.WithWidth"/>; else they are refused.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <param name="progress">The part done, from 0 to 1: every pair counts as much as another.</param>
    /// <param name="cancellation">Looked at before each block of queries.</param>
    /// <exception cref="ArgumentException">A length or a width does not fit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static CompatibilityMatrix Evaluate(
        IReadOnlyList<ModelEmbeddings> models,
        ReadOnlySpan<int> queryLabels,
        ReadOnlySpan<int> galleryLabels,
        Similarity similarity = Similarity.Cosine,
        RetrievalOptions? options = null,
        ReadOnlySpan<int> exclude = default,
        bool fitWidths = false,
        ComputeDevice? device = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        if (models.Count == 0) throw new ArgumentException("models is empty; expected at least one.", nameof(models));
        var results = new RetrievalResult?[models.Count, models.Count];
        int pairs = models.Count(m => m.Gallery is not null) * models.Count(m => m.Queries is not null), done = 0;
        for (int g = 0; g < models.Count; g++)
        {
            if (models[g].Gallery is not { } rows) continue;
            cancellation.ThrowIfCancellationRequested();
            using var gallery = new GallerySearch(rows, similarity, device);
            for (int q = 0; q < models.Count; q++)
            {
                if (models[q].Queries is not { } queries) continue;
                if (fitWidths) queries = queries.WithWidth(gallery.Width);
                PairProgress? part = progress is null ? null : new(progress, done++, pairs);
                results[q, g] = RetrievalEvaluation.Run(gallery, galleryLabels, queries, queryLabels, options, exclude, part, cancellation);
            }
        }
        return new CompatibilityMatrix([.. models.Select(m => m.Name)], results);
    }

    /// <summary>One metric of every pair, [query, gallery]; NaN where there is no result.</summary>
    public double[,] Values(RetrievalMetric metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        double[,] values = new double[Models, Models];
        for (int q = 0; q < Models; q++)
        {
            for (int g = 0; g < Models; g++) values[q, g] = Value(metric, q, g);
        }
        return values;
    }

    /// <summary>
    /// The criterion of backward compatibility: <c>M(φ_q, φ_g) &gt; M(φ_g, φ_g)</c>, the queries of the model q are worth more over g's gallery than g's own
    /// (Shen et al. 2020). Null where one of the two is unknown or undefined.
    /// </summary>
    public bool? BeatsGalleryModel(RetrievalMetric metric, int query, int gallery) => IsGreater(Value(metric, query, gallery), Value(metric, gallery, gallery));

    /// <summary>
    /// The rule of heterogeneous search: <c>M(φ_q, φ_g) &gt; M(φ_q, φ_q)</c>, the queries of a small model q are worth more over the large model's gallery
    /// than over a gallery of its own (Duggal et al. 2021). Null where one of the two is unknown or undefined.
    /// </summary>
    public bool? BeatsQueryModel(RetrievalMetric metric, int query, int gallery) => IsGreater(Value(metric, query, gallery), Value(metric, query, query));

    /// <summary>Model <paramref name="updated"/>'s <see cref="UpdateGain"/> over model <paramref name="old"/>, with <paramref name="best"/> the model without constraint; NaN where something is unknown.</summary>
    public double Gain(RetrievalMetric metric, int old, int updated, int best)
        => GracefulKernels.UpdateGain.Of(Value(metric, old, old), Value(metric, updated, old), Value(metric, best, best));

    private static bool? IsGreater(double value, double than) => double.IsNaN(value) || double.IsNaN(than) ? null : value > than;

    private double Value(RetrievalMetric metric, int query, int gallery)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return _results[query, gallery] is { } result ? metric.Of(result) : double.NaN;
    }

    private sealed class PairProgress(IProgress<double> all, int pair, int pairs) : IProgress<double>
    {
        public void Report(double value) => all.Report((pair + value) / pairs);
    }
}
