using System.Globalization;
using GracefulKernels.Cli.Charts;
using GracefulKernels.Experiments.Results;
using ScottPlot;
using Spectre.Console;
using Color = ScottPlot.Color;
using Palette = GracefulKernels.Cli.Charts.Palette;

namespace GracefulKernels.Experiments.Heterogeneous;

/// <summary>The table and the pictures of <c>hvs-table</c>: mAP over cost, and the searches.</summary>
internal static class HvsSummary
{
    public static void Show(ExperimentSettings settings, ResultsFile results, ResultsFile searched)
    {
        IReadOnlyDictionary<string, string>[] rows = [.. results.Rows];
        if (rows.Length == 0) return;
        Table table = new Table().AddColumns([.. rows[0].Keys]);
        foreach (IReadOnlyDictionary<string, string> row in rows) table.AddRow([.. row.Values]);
        settings.Console.Write(table);
        IReadOnlyDictionary<string, string>[] visited = [.. searched.Rows];
        Plot costs = Costs(rows);
        Chart.SavePng(settings.File("hvs-table.png"), 480, visited.Length == 0 ? [(costs, 760)] : [(costs, 760), (Searches(visited), 620)]);
    }

    private static Plot Costs(IReadOnlyDictionary<string, string>[] rows)
    {
        IReadOnlyDictionary<string, string> gallery = rows[0];
        Plot plot = Chart.New("Query networks over the gallery of ResNet-56", "million multiply–adds of a query", "mAP, %");
        IReadOnlyDictionary<string, string>[] queries = [.. rows.Where(r => r["kind"] != HvsTableExperiment.GalleryKind)];
        Add("by hand, over the large network's gallery", r => r["kind"] == HvsTableExperiment.ByHandKind, "q/g mAP", Palette.Blue, MarkerShape.FilledCircle);
        Add("by hand, over its own", r => r["kind"] == HvsTableExperiment.ByHandKind, "q/q mAP", Palette.Blue, MarkerShape.OpenCircle);
        Add("searched, over the large network's gallery", r => r["kind"] != HvsTableExperiment.ByHandKind, "q/g mAP", Palette.Vermilion, MarkerShape.FilledDiamond);
        Add("searched, over its own", r => r["kind"] != HvsTableExperiment.ByHandKind, "q/q mAP", Palette.Vermilion, MarkerShape.OpenDiamond);
        double reference = Number(gallery, "q/g mAP");
        ScottPlot.Plottables.HorizontalLine line = plot.Add.HorizontalLine(reference, 1.5f, Palette.Ink, LinePattern.Dashed);
        line.LegendText = string.Create(CultureInfo.InvariantCulture, $"the large network by itself ({Number(gallery, "MACs") / 1e6:F0} M)");
        Chart.AddLegend(plot);
        plot.Legend.Orientation = ScottPlot.Orientation.Vertical;
        plot.Axes.Margins(0.08, 0.08);
        return plot;

        void Add(string name, Func<IReadOnlyDictionary<string, string>, bool> which, string column, Color color, MarkerShape shape)
        {
            IReadOnlyDictionary<string, string>[] points = [.. queries.Where(which)];
            if (points.Length == 0) return;
            ScottPlot.Plottables.Scatter scatter = plot.Add.ScatterPoints(points.Select(p => Number(p, "MACs") / 1e6).ToArray(), points.Select(p => Number(p, column)).ToArray(), color);
            (scatter.LegendText, scatter.MarkerShape, scatter.MarkerSize) = (name, shape, 11);
            scatter.MarkerLineColor = color;
            scatter.MarkerLineWidth = 2;
        }
    }

    private static Plot Searches(IReadOnlyDictionary<string, string>[] visited)
    {
        LineSeries[] series =
        [
            .. HvsTableExperiment.Rewards.Select(HvsTableExperiment.Kind).Where(k => visited.Any(v => v["reward"] == k)).Select(kind =>
            {
                double[] generations = [.. visited.Where(v => v["reward"] == kind).Select(v => Number(v, "generation")).Distinct().Order()];
                double[] best = [.. generations.Select(g => visited.Where(v => v["reward"] == kind && Number(v, "generation") <= g).Max(v => Number(v, "q/g mAP")))];
                return new LineSeries(kind, generations, best);
            }),
        ];
        Plot plot = Lines.Create("Best found so far, inherited weights", "generation", "mAP of q/g on held-out images, %", series);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        return plot;
    }

    private static double Number(IReadOnlyDictionary<string, string> row, string column) => double.Parse(row[column], CultureInfo.InvariantCulture);
}
