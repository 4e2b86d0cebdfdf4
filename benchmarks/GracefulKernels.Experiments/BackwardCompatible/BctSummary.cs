using System.Globalization;
using GracefulKernels.Cli.Charts;
using GracefulKernels.Experiments.Results;
using Spectre.Console;

namespace GracefulKernels.Experiments.BackwardCompatible;

/// <summary>The table and the picture of <c>bct-table</c>.</summary>
internal static class BctSummary
{
    private static readonly string[] Metrics = ["recall@1", "mAP"];

    private static readonly Dictionary<string, string> Titles = new()
    {
        ["old"] = "old",
        ["new"] = "new",
        ["new-bct"] = "new, influence loss",
        ["new-bct-all"] = "new, influence, all classes",
        ["tuned"] = "tuned",
        ["tuned-bct"] = "tuned, influence loss",
        ["tuned-bct-all"] = "tuned, influence, all classes",
        ["lqf"] = "LQF",
        ["lqf-bct"] = "LQF, old head",
        ["lqf-bct-all"] = "LQF, old head, all classes",
    };

    /// <summary>The model without constraint whose own gallery an update is measured by: of the same size, by the same kind of training.</summary>
    private static readonly Dictionary<string, string> Best = new()
    {
        ["new"] = "new", ["new-bct"] = "new", ["new-bct-all"] = "new",
        ["tuned"] = "tuned", ["tuned-bct"] = "tuned", ["tuned-bct-all"] = "tuned",
        ["lqf"] = "lqf", ["lqf-bct"] = "lqf", ["lqf-bct-all"] = "lqf",
    };

    public static void Show(ExperimentSettings settings, ResultsFile results)
    {
        Dictionary<(string Data, string Method), IReadOnlyDictionary<string, string>> rows = results.Rows.ToDictionary(r => (r["old data"], r["method"]));
        foreach (string data in rows.Keys.Select(k => k.Data).Distinct())
        {
            Table table = new Table().Title($"old model trained on half of the {data}").AddColumns("method", "new/old", "new/new", "gain", "new/old mAP", "new/new mAP", "gain mAP");
            foreach (string method in BctTableExperiment.Methods.Where(m => rows.ContainsKey((data, m))))
            {
                table.AddRow([method, .. Metrics.SelectMany(m => (string[])[Text(Value(data, method, "new/old", m)), Text(Value(data, method, "new/new", m)), Text(100 * Gain(data, method, m))])]);
            }
            settings.Console.Write(table);
        }
        Chart.SavePng(settings.File("bct-table.png"), 470, [.. rows.Keys.Select(k => k.Data).Distinct().Select(d => (Panel(d), 860))]);

        ScottPlot.Plot Panel(string data)
        {
            string[] methods = [.. BctTableExperiment.Methods.Where(m => rows.ContainsKey((data, m)))];
            return Bars.Grouped(
                $"Old model trained on half of the {data}", "", "mAP, %", [.. methods.Select(m => Titles[m].Replace(", ", ",\n", StringComparison.Ordinal))],
                [
                    new BarSeries("over the old gallery", [.. methods.Select(m => Value(data, m, "new/old", "mAP"))]),
                    new BarSeries("over a gallery of its own", [.. methods.Select(m => Value(data, m, "new/new", "mAP"))]),
                ],
                "0.0");
        }

        double Value(string data, string method, string pair, string metric)
            => rows.TryGetValue((data, method), out IReadOnlyDictionary<string, string>? row) ? double.Parse(row[$"{pair} {metric}"], CultureInfo.InvariantCulture) : double.NaN;

        double Gain(string data, string method, string metric) => Best.TryGetValue(method, out string? best)
            ? UpdateGain.Of(Value(data, "old", "new/new", metric), Value(data, method, "new/old", metric), Value(data, best, "new/new", metric))
            : double.NaN;
    }

    private static string Text(double value) => double.IsNaN(value) ? "–" : value.ToString("F1", CultureInfo.InvariantCulture);
}
