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

    /// <summary>Reads the files and evaluates every pair of models.</summary>
    /// <exception cref="InvalidDataException">A file holds something else, or two do not go together; paths and shapes are named.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static CompatRun Run(CompatSettings settings, ComputeDevice device, IProgress<(string Text, double Part)> progress, CancellationToken cancellation)
    {
        bool self = settings.QueryLabels is null;
        Embeddings oldGallery = Read(settings.OldGallery), newQueries = Read(settings.NewQueries);
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
        if (!settings.FitWidths)
        {
            CheckWidths(
                (oldGallery, settings.OldGallery), (oldQueries, settings.OldQueries), (newQueries, settings.NewQueries),
                (newGallery, settings.NewGallery), (bestQueries, settings.BestQueries), (bestGallery, settings.BestGallery));
        }
        int[] exclude = self ? [.. Enumerable.Range(0, queryLabels.Length)] : [];
        CompatibilityMatrix matrix = CompatibilityMatrix.Evaluate(
            models, queryLabels, galleryLabels, settings.Similarity, settings.Rates, exclude, settings.FitWidths, device, new Searching(progress), cancellation);
        return new(matrix, MetricsOf(settings.Ks, settings.Rates), self, settings.Similarity);

        Embeddings Read(string path) => EmbeddingFiles.Read(path, progress, cancellation);
        Embeddings? Optional(string? path) => path is null ? null : Read(path);
    }

    public static IReadOnlyList<RetrievalMetric> MetricsOf(IEnumerable<int> ks, RetrievalOptions rates) =>
    [
        .. ks.Select(RetrievalMetric.RecallAt),
        RetrievalMetric.MeanAveragePrecision,
        .. rates.FalseAcceptRates.Select(RetrievalMetric.TrueAcceptAt),
        .. rates.FalsePositiveRates.Select(RetrievalMetric.TruePositiveAt),
    ];

    private static void Expect(Embeddings? embeddings, int rows, string? path, string why)
    {
        if (embeddings is null || path is null || embeddings.Rows == rows) return;
        throw new InvalidDataException($"{path}: found {embeddings.Rows} embeddings; expected {rows}, as there are labels{why}.");
    }

    /// <summary>All must be as wide as the first.</summary>
    private static void CheckWidths(params ReadOnlySpan<(Embeddings? Read, string? Path)> files)
    {
        (Embeddings? first, string? firstPath) = files[0];
        foreach ((Embeddings? read, string? path) in files)
        {
            // One that stands in for another has no path of its own, and that other's width.
            if (read is null || path is null || read.Width == first!.Width) continue;
            throw new InvalidDataException(
                $"{path}: found embeddings [{read.Rows} × {read.Width}]; expected {first.Width} wide, as {firstPath} [{first.Rows} × {first.Width}] is. "
                + "--fit-width compares them: the leading columns of wider queries, zeros behind narrower ones.");
        }
    }

    private sealed class Searching(IProgress<(string Text, double Part)> progress) : IProgress<double>
    {
        public void Report(double value) => progress.Report(("Searching", value));
    }
}
