using System.Diagnostics;
using System.Globalization;
using GracefulKernels.Cli.Charts;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;
using GracefulKernels.Experiments.Results;
using Spectre.Console;

namespace GracefulKernels.Experiments.Ablation;

/// <summary><c>lqf-ablation</c>: what each part of LQF is worth (LQF fig. 2).</summary>
internal static class AblationExperiment
{
    private const float Slope = 0.2f;

    private const int Sources = 6_000, Tests = 797, FirstSeed = 200;

    public static void Run(ExperimentSettings settings)
    {
        ResultsFile results = new(settings.File("lqf-ablation.csv"), 5, "source", "target", "shots", "seed", "variant", "error", "chosen", "seconds");
        (int[] shots, int seeds) = settings.Quick ? ([5], 1) : (new[] { 5, 20 }, 2);
        foreach ((string source, string target) in settings.Quick ? [("fashion", Transfer.Digits)] : new[] { ("fashion", Transfer.Digits), ("cifar", Transfer.Fashion) })
        {
            Dictionary<bool, Network> bases = [];
            Transfer? transfer = null;
            foreach ((int k, int seed) in shots.SelectMany(k => Enumerable.Range(FirstSeed, seeds).Select(s => (k, s))))
            {
                foreach (AblationVariant variant in AblationVariant.All)
                {
                    settings.Cancellation.ThrowIfCancellationRequested();
                    if (settings.IsLate || results.Has(source, target, k, seed, variant.Name)) continue;
                    transfer ??= Transfer.Load(target, settings.Quick ? 50 : Tests);
                    float slope = variant.Leaky ? Slope : 0f;
                    if (!bases.TryGetValue(variant.Leaky, out Network? network)) bases.Add(variant.Leaky, network = Base(settings, source, slope));
                    FewShotTask task = new(network, FewShot.Draw(transfer.Pool, k, seed), transfer.Test, k, seed, KeepsHead: false);
                    long started = Stopwatch.GetTimestamp();
                    Outcome outcome = variant.Run(task, slope);
                    double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                    results.Add(source, target, k, seed, variant.Name, outcome.Error, outcome.Detail, seconds);
                    settings.Say($"{source} → {target} {k}/class seed {seed} {variant.Name}: {outcome.Error:F1} % ({outcome.Detail}; {seconds:F0} s)");
                }
            }
        }
        Summarise(settings, results);
    }

    private static Network Base(ExperimentSettings settings, string source, float slope)
    {
        LabelledImages data = source == "fashion" ? DataSets.Fashion(train: true, Sources + 1_000) : Clean();
        LabelledImages train = data.First(settings.Quick ? 64 : Sources), test = data.Take([.. Enumerable.Range(Sources, 1_000)]);
        Network network = settings.Quick ? AblationBase.Train(train, slope, 1, settings.Device) : AblationBase.Train(train, slope, settings.Device);
        settings.Say($"base on {source}, slope {slope}: {Errors.Percent(network.Predict(test.Images, test.Count), test.Labels):F1} % error on its source");
        return network;
    }

    private static LabelledImages Clean()
    {
        (float[] rgb, int[] labels) = DataSets.CifarTest();
        return new LabelledImages(LabelledImages.Normalise(rgb), labels);
    }

    private static void Summarise(ExperimentSettings settings, ResultsFile results)
    {
        var errors = results.Rows
            .GroupBy(r => (Task: $"{r["source"]} → {r["target"]}, {r["shots"]} a class", Variant: r["variant"]))
            .ToDictionary(g => g.Key, g => g.Average(r => double.Parse(r["error"], CultureInfo.InvariantCulture)));
        string[] tasks = [.. errors.Keys.Select(k => k.Task).Distinct()];
        string[] variants = [.. AblationVariant.All.Select(v => v.Name)];
        Table table = new Table().Title("Test error, %; median relative increase over LQF, %").AddColumns(["variant", .. tasks, "median increase"]);
        foreach (string variant in variants)
        {
            double increase = Errors.Median(tasks.Select(t => 100 * (errors[(t, variant)] - errors[(t, variants[0])]) / errors[(t, variants[0])]));
            table.AddRow([variant, .. tasks.Select(t => errors[(t, variant)].ToString("F1", CultureInfo.InvariantCulture)), increase.ToString("F0", CultureInfo.InvariantCulture)]);
        }
        settings.Console.Write(table);
        Chart.SavePng(settings.File("lqf-ablation.png"), 430, (Bars.Grouped(
            "LQF without one of its parts", "", "test error, %", tasks,
            [.. variants.Select(v => new BarSeries(v, [.. tasks.Select(t => errors[(t, v)])]))], "0.0"), 1100));
    }
}
