using System.Xml.Linq;
using GracefulKernels.Cli.Pages;
using static GracefulKernels.Cli.Compatibility.CompatReport;
using static GracefulKernels.Cli.Figures;
using static GracefulKernels.Cli.Pages.Html;

namespace GracefulKernels.Cli.Compatibility;

/// <summary>Compatibility as a page: verdict, the pairs that matter by every metric, curves, and the matrix of all pairs.</summary>
internal static class CompatPage
{
    /// <param name="settings">The files.</param>
    /// <param name="run">What was found.</param>
    /// <param name="gate">The gate and whether it holds; null where there is none.</param>
    /// <param name="picture">The picture of the curves, a PNG.</param>
    public static string Create(CompatSettings settings, CompatRun run, (RetrievalMetric Metric, bool Met)? gate, byte[] picture)
    {
        RetrievalMetric first = run.Metrics[0];
        return Page.Create(
            "New queries on the old gallery",
            "graceful compat",
            Page.Pairs(Files(settings)),
            E("p", Asked(run)),
            Box(run, gate),
            Page.Cards(
            [
                ($"{first.Name}, new / old", Percent(first.Of(run.Matrix[CompatRun.New, CompatRun.Old]!)), run.Matrix[CompatRun.Old, CompatRun.Old] is { } old ? $"old / old {Percent(first.Of(old))}" : "old / old is not known"),
                ($"update gain by {first.Name}", Percent(run.Gain(first)), "100 % = as a re-indexed gallery"),
                ("mAP, new / old", Percent(run.Matrix[CompatRun.New, CompatRun.Old]!.MeanAveragePrecision), "over whole rankings"),
            ]),
            E("h2", "By every metric"),
            Metrics(run),
            E("p", Class("soft"), Best(run)),
            Notes(run).Select(note => E("p", Class("soft"), note)),
            E("h2", "Curves"),
            E("div", Class("wide"), E("img", A("src", $"data:image/png;base64,{Convert.ToBase64String(picture)}"), A("alt", "Matches among the first k, and the matrix of all pairs"), A("style", "max-width: 100%; height: auto"))),
            E("h2", "Every model's queries on every gallery, %"),
            run.Metrics.Select(m => Map(run, m)));
    }

    private static IEnumerable<(string Name, string Value)> Files(CompatSettings s)
    {
        (string Name, string? Path)[] all =
        [
            ("old gallery", s.OldGallery), ("old queries", s.OldQueries), ("new queries", s.NewQueries), ("new gallery", s.NewGallery),
            ("best queries", s.BestQueries), ("best gallery", s.BestGallery), ("labels", s.Labels), ("query labels", s.QueryLabels),
        ];
        return all.Where(f => f.Path is not null).Select(f => (f.Name, f.Path!));
    }

    private static XElement Box(CompatRun run, (RetrievalMetric Metric, bool Met)? gate)
    {
        bool met = gate?.Met ?? AllCompatible(run) == true;
        return E(
            "div", Class($"verdict {(met ? "met" : "missed")}"),
            E("strong", $"{(met ? "✓" : "✗")} {CompatReport.Verdict(run)}"),
            gate is { } g ? E("ul", E("li", Class(g.Met ? "met" : "missed"), E("b", g.Met ? "✓ " : "✗ "), $"Gate: new/old above old/old by {g.Metric.Name}")) : null);
    }

    private static XElement Metrics(CompatRun run)
    {
        (int Query, int Gallery)[] pairs = Pairs(run);
        return Table(
            "numbers",
            [E("th", Class("name"), "queries / gallery"), .. pairs.Select(p => $"{run.Matrix.Names[p.Query]} / {run.Matrix.Names[p.Gallery]}"), "new/old above old/old", "update gain"],
            run.Metrics.Select(m => (IEnumerable<object>)
            [
                E("td", Class("name"), m.Name), .. pairs.Select(p => Percent(m.Of(run.Matrix[p.Query, p.Gallery]!))), Word(run.IsCompatible(m)), Percent(run.Gain(m)),
            ]));
    }

    private static XElement Map(CompatRun run, RetrievalMetric metric)
    {
        double[,] values = run.Matrix.Values(metric);
        for (int q = 0; q < run.Matrix.Models; q++)
        {
            for (int g = 0; g < run.Matrix.Models; g++) values[q, g] *= 100;
        }
        return Page.HeatMap($"{metric.Name}: queries \\ gallery", run.Matrix.Names, values, v => v.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture));
    }
}
