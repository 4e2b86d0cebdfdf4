namespace GracefulKernels.Cli.Compatibility;

/// <summary>Old, new and, where given, unconstrained model, each one's queries over each one's gallery.</summary>
/// <param name="Matrix">The results: model 0 is old, 1 is new, 2 is new without constraint where there is one.</param>
/// <param name="Metrics">What is shown, in order.</param>
/// <param name="ExcludesSelf">Whether queries are the gallery's images, each of which does not see itself.</param>
/// <param name="Similarity">What is near.</param>
internal sealed record CompatRun(CompatibilityMatrix Matrix, IReadOnlyList<RetrievalMetric> Metrics, bool ExcludesSelf, Similarity Similarity)
{
    public const int Old = 0, New = 1, Unconstrained = 2;

    /// <summary>The model whose own gallery is the most that an update could bring.</summary>
    public int Best => Matrix.Models > Unconstrained ? Unconstrained : New;

    /// <summary>Whether new queries beat the old model on the old gallery; null where the old model's queries are not known.</summary>
    public bool? IsCompatible(RetrievalMetric metric) => Matrix.BeatsGalleryModel(metric, New, Old);

    public double Gain(RetrievalMetric metric) => Matrix.Gain(metric, Old, New, Best);

    public static CompatRun Run(CompatSettings settings, ComputeDevice device)
    {
        bool self = settings.QueryLabels is null;
        Embeddings oldGallery = EmbeddingFiles.Read(settings.OldGallery), newQueries = EmbeddingFiles.Read(settings.NewQueries);
        Embeddings? oldQueries = Optional(settings.OldQueries), newGallery = Optional(settings.NewGallery);
        Embeddings? bestQueries = Optional(settings.BestQueries), bestGallery = Optional(settings.BestGallery);
        if (self)
        {
            // The queries are the gallery's images: one file of a model serves as both.
            oldQueries ??= oldGallery;
            newGallery ??= newQueries;
            bestGallery ??= bestQueries;
        }
        int[] galleryLabels = EmbeddingFiles.ReadLabels(settings.Labels, oldGallery.Rows, settings.OldGallery);
        int[] queryLabels = self ? galleryLabels : EmbeddingFiles.ReadLabels(settings.QueryLabels!, newQueries.Rows, settings.NewQueries);
        string whose = self ? "; without --query-labels the queries are the gallery's images" : "";
        Expect(newQueries, queryLabels.Length, settings.NewQueries, whose);
        Expect(oldQueries, queryLabels.Length, settings.OldQueries, whose);
        Expect(bestQueries, queryLabels.Length, settings.BestQueries, whose);
        Expect(newGallery, galleryLabels.Length, settings.NewGallery, "");
        Expect(bestGallery, galleryLabels.Length, settings.BestGallery, "");
        List<ModelEmbeddings> models = [new("old", oldQueries, oldGallery), new("new", newQueries, newGallery)];
        if (bestQueries is not null) models.Add(new("new*", bestQueries, bestGallery));
        if (!settings.FitWidths) CheckWidths(models);
        int[] exclude = self ? [.. Enumerable.Range(0, queryLabels.Length)] : [];
        CompatibilityMatrix matrix = CompatibilityMatrix.Evaluate(
            models, queryLabels, galleryLabels, settings.Similarity, settings.Rates, exclude, settings.FitWidths, device);
        return new(matrix, MetricsOf(settings), self, settings.Similarity);
    }

    public static IReadOnlyList<RetrievalMetric> MetricsOf(CompatSettings settings) =>
    [
        .. settings.Ks.Select(RetrievalMetric.RecallAt),
        RetrievalMetric.MeanAveragePrecision,
        .. settings.Rates.FalseAcceptRates.Select(RetrievalMetric.TrueAcceptAt),
        .. settings.Rates.FalsePositiveRates.Select(RetrievalMetric.TruePositiveAt),
    ];

    private static Embeddings? Optional(string? path) => path is null ? null : EmbeddingFiles.Read(path);

    private static void Expect(Embeddings? embeddings, int rows, string? path, string why)
    {
        if (embeddings is null || path is null || embeddings.Rows == rows) return;
        throw new InvalidDataException($"{path}: found {embeddings.Rows} embeddings; expected {rows}, as there are labels{why}.");
    }

    private static void CheckWidths(List<ModelEmbeddings> models)
    {
        int[] widths = [.. models.SelectMany(m => new[] { m.Queries?.Width, m.Gallery?.Width }).OfType<int>().Distinct()];
        if (widths.Length > 1)
        {
            throw new InvalidDataException(
                $"The embeddings are {string.Join(" and ", widths)} wide. --fit-width compares them: the leading columns of wider queries, zeros behind narrower ones.");
        }
    }
}
