using System.Diagnostics;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Protocol;
using GracefulKernels.Experiments.Results;

namespace GracefulKernels.Experiments.BackwardCompatible;

/// <summary><c>bct-table</c>: does a new model find in the gallery of an old one, by the influence loss and by rows of a least-squares problem (Shen et al. 2020, tables 2 and 3).</summary>
internal static class BctTableExperiment
{
    private const int Images = 6_000, Epochs = 3, Queries = 1_000, Gallery = 4_000;

    /// <summary>λ of the influence loss and λ_bct of its least-squares form, as in the paper.</summary>
    private const double Lambda = 1;

    private const string Old = "old", Plain = "new", Tuned = "tuned";

    public static readonly string[] Methods = [Old, Plain, "new-bct", "new-bct-all", Tuned, "tuned-bct", "tuned-bct-all", "lqf", "lqf-bct", "lqf-bct-all"];

    /// <summary>Where the old model knows all classes its head is the head for all classes.</summary>
    public static IEnumerable<string> MethodsOf(OldData data) => Methods.Where(m => !data.Map.IsIdentity || !m.EndsWith("-all", StringComparison.Ordinal));

    public static void Run(ExperimentSettings settings)
    {
        ResultsFile results = new(
            settings.File("bct-table.csv"), 2, "old data", "method", "new/old recall@1", "new/new recall@1", "new/old mAP", "new/new mAP", "seconds");
        LabelledImages train = DataSets.Fashion(train: true, settings.Quick ? 300 : Images), test = DataSets.Fashion(train: false, settings.Quick ? 200 : Queries + Gallery);
        RetrievalTask task = RetrievalTask.Cut(test, settings.Quick ? 50 : Queries);
        foreach (OldData data in (OldData[])[OldData.HalfOfTheImages(train), OldData.HalfOfTheClasses(train)])
        {
            if (!settings.IsLate && !MethodsOf(data).All(m => results.Has(data.Name, m))) Fill(settings, results, data, train, task);
        }
        BctSummary.Show(settings, results);
    }

    private static void Fill(ExperimentSettings settings, ResultsFile results, OldData data, LabelledImages train, RetrievalTask task)
    {
        int epochs = settings.Quick ? 1 : Epochs;
        Network pretrained = BaseNetworks.Load(20, settings.Device);
        long started = Stopwatch.GetTimestamp();
        BctModels models = BctModels.Create(pretrained, data, train, epochs);
        ModelEmbeddings old = task.Embed(Old, models.Old);
        if (!results.Has(data.Name, Old)) Add(Old, old, started);
        foreach (string method in MethodsOf(data).Skip(1))
        {
            settings.Cancellation.ThrowIfCancellationRequested();
            if (settings.IsLate || results.Has(data.Name, method)) continue;
            started = Stopwatch.GetTimestamp();
            Add(method, Embed(models, method, task, settings), started);
        }

        void Add(string method, ModelEmbeddings model, long since)
        {
            RetrievalScores cross = task.Measure(model, old, settings.Device), own = task.Measure(model, model, settings.Device);
            results.Add(data.Name, method, cross.Recall, own.Recall, cross.Precision, own.Precision, Math.Round(Stopwatch.GetElapsedTime(since).TotalSeconds));
            settings.Say($"{data.Title}, {method}: recall@1 {cross.Recall:F1} over the old gallery, {own.Recall:F1} over its own; mAP {cross.Precision:F1}, {own.Precision:F1}");
        }
    }

    private static ModelEmbeddings Embed(BctModels models, string method, RetrievalTask task, ExperimentSettings settings)
    {
        FrozenClassifier head = method.EndsWith("-all", StringComparison.Ordinal) ? models.HeadForAllClasses() : models.OldHead;
        switch (method)
        {
            case Plain or Tuned: return task.Embed(method, models.Unconstrained(fromOld: method == Tuned));
            case "new-bct" or "new-bct-all": return task.Embed(method, models.Compatible(head, Lambda, fromOld: false));
            case "tuned-bct" or "tuned-bct-all": return task.Embed(method, models.Compatible(head, Lambda, fromOld: true));
            default:
                LinearizedModel linear = models.Linear(head, method == "lqf" ? 0 : Lambda);
                ModelEmbeddings embeddings = task.Embed(method, images => linear.Features(images.Images, images.Count));
                linear.Update.Dispose();
                return embeddings;
        }
    }
}
