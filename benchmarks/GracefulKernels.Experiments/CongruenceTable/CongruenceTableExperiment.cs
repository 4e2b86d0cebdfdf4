using System.Diagnostics;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Protocol;
using GracefulKernels.Experiments.Results;

namespace GracefulKernels.Experiments.CongruenceTable;

/// <summary><c>pc-table</c>: error and negative flips of a new model under every treatment (Yan et al. 2021, table 2).</summary>
internal static class CongruenceTableExperiment
{
    private const int OldCount = 3_000, TrainCount = 6_000, Validations = 2_000, Epochs = 4, QuickEpochs = 6;

    private static readonly string[] Columns =
    [
        "old", "new", "method", "value", "validation error", "validation NFR", "tests", "error", "NFR", "NFR low", "NFR high", "relative NFR", "churn", "chosen", "seconds",
    ];

    /// <summary>Depths of old and new.</summary>
    private static readonly (int Old, int New)[] Pairs = [(20, 20), (20, 56)];

    public static void Run(ExperimentSettings settings)
    {
        ResultsFile results = Open(settings);
        foreach ((int old, int updated) in settings.Quick ? [(20, 20)] : Pairs)
        {
            string oldName = $"ResNet-{old}", newName = $"ResNet-{updated}";
            CongruenceTask? task = null;
            foreach (CongruenceMethod method in CongruenceMethod.All)
            {
                double[] values = Values(method, results, oldName, newName);
                double[] missing = [.. values.Where(v => !results.Has(oldName, newName, method.Name, v))];
                settings.Cancellation.ThrowIfCancellationRequested();
                if (settings.IsLate || missing.Length == 0) continue;
                task ??= Load(settings, old, updated);
                Rows(settings, results, task, [oldName, newName], method, method.Linearized is null ? missing : values);
            }
        }
        CongruenceSummary summary = new(results.Rows);
        summary.Print(settings.Console);
        summary.Draw(settings);
    }

    internal static ResultsFile Open(ExperimentSettings settings) => new(settings.File("pc-table.csv"), 4, Columns);

    /// <summary>Runs a method; its rows go into the CSV as they come.</summary>
    internal static void Rows(ExperimentSettings settings, ResultsFile results, CongruenceTask task, string[] names, CongruenceMethod method, double[] values)
    {
        // What others need as well is not its time: the old model, and the models that it begins with.
        _ = task.OldLogits;
        if (method.Linearized is { } linearized)
        {
            Network trained = linearized(task);
            long began = Stopwatch.GetTimestamp();
            (PositiveCongruentPath path, string chosen) = CongruentPath.Solve(task, trained, values);
            double share = Stopwatch.GetElapsedTime(began).TotalSeconds / values.Length;
            using (path)
            {
                for (int i = 0; i < values.Length; i++)
                {
                    LinearizedModel model = path.Models[i];
                    if (!results.Has([.. names, method.Name, path.Curve.Points[i].Value])) Add(path.Curve.Points[i].Value, images => model.Predict(images.Images, images.Count), chosen, share);
                }
            }
            return;
        }
        foreach (double value in values)
        {
            settings.Cancellation.ThrowIfCancellationRequested();
            if (settings.IsLate) return;
            long started = Stopwatch.GetTimestamp();
            (Predictor model, string chosen) = method.Run(task, value);
            Add(value, model, chosen, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        void Add(double value, Predictor model, string chosen, double seconds)
        {
            (FlipCounts validation, FlipCounts test) = task.Judge(model);
            (double low, double high) = test.NegativeFlipRateInterval;
            results.Add(
                [
                    .. names, method.Name, value, 100 * validation.NewErrorRate, 100 * validation.NegativeFlipRate, test.Samples, 100 * test.NewErrorRate, 100 * test.NegativeFlipRate,
                    100 * low, 100 * high, 100 * test.RelativeNegativeFlipRate, 100 * test.Churn, chosen, seconds,
                ]);
            settings.Say($"{string.Join(" → ", names)} {method.Name} {value}: error {100 * test.NewErrorRate:F2} %, NFR {100 * test.NegativeFlipRate:F2} % (validation {100 * validation.NewErrorRate:F2}, {100 * validation.NegativeFlipRate:F2}; {chosen}; {seconds:F0} s)");
        }
    }

    /// <summary>
    /// All of a method's values where the depths are the same. A larger network costs three times as much: it is treated at the value that was chosen for the smaller one, and there is no
    /// ensemble of it; nor can it be trained on from an old model of another depth.
    /// </summary>
    private static double[] Values(CongruenceMethod method, ResultsFile results, string oldName, string newName)
    {
        if (oldName == newName) return method.Values;
        if (method.Name is "ensemble" or "from-old" or "bcwi" or "pc-lqf-old") return [];
        if (method.Linearized is not null) return method.Values;
        return new CongruenceSummary(results.Rows).Chosen(oldName, oldName, method.Name) is { } row ? [row.Value] : [];
    }

    private static CongruenceTask Load(ExperimentSettings settings, int old, int updated)
    {
        (int first, int all, int held) = settings.Quick ? (100, 160, 40) : (OldCount, TrainCount, Validations);
        LabelledImages pool = DataSets.Fashion(train: true, all + held);
        return new CongruenceTask(
            BaseNetworks.Load(old, settings.Device), BaseNetworks.Load(updated, settings.Device), first, pool.First(all),
            pool.Take([.. Enumerable.Range(all, held)]), DataSets.Fashion(train: false, settings.Quick ? 50 : int.MaxValue), settings.Quick ? QuickEpochs : Epochs);
    }
}
