using System.Globalization;
using GracefulKernels.Cli.Charts;
using ScottPlot;
using Spectre.Console;
using Palette = GracefulKernels.Cli.Charts.Palette;

namespace GracefulKernels.Experiments.CongruenceTable;

/// <summary>One line of the CSV in numbers; rates in per cent.</summary>
internal sealed record CongruenceRow(
    string Old, string New, string Method, double Value, double ValidationError, double ValidationNfr, double Error, double Nfr, double Low, double High, double Relative, string Detail, double Seconds);

/// <summary>What was chosen on the validation data, what that is on the test data, and pictures of all.</summary>
internal sealed class CongruenceSummary
{
    /// <summary>What a treatment may cost in error: that of the issue's aim, in points.</summary>
    public const double Allowed = 0.3;

    private readonly CongruenceRow[] _rows;

    public CongruenceSummary(IEnumerable<IReadOnlyDictionary<string, string>> rows) => _rows =
    [
        .. rows.Select(r => new CongruenceRow(
            r["old"], r["new"], r["method"], Number(r, "value"), Number(r, "validation error"), Number(r, "validation NFR"), Number(r, "error"), Number(r, "NFR"), Number(r, "NFR low"),
            Number(r, "NFR high"), Number(r, "relative NFR"), r["chosen"], Number(r, "seconds"))),
    ];

    private IEnumerable<(string Old, string New)> Pairs => _rows.Select(r => (r.Old, r.New)).Distinct();

    /// <summary>
    /// By the validation data alone: the least NFR among the values whose error is at most <see cref="Allowed"/> points above that of no treatment; where there is none, the least error.
    /// </summary>
    public CongruenceRow? Chosen(string old, string updated, string method)
    {
        CongruenceRow[] rows = [.. _rows.Where(r => r.Old == old && r.New == updated && r.Method == method)];
        double most = Allowed + (_rows.FirstOrDefault(r => r.Old == old && r.New == updated && r.Method == CongruenceMethod.None)?.ValidationError ?? double.NaN);
        CongruenceRow[] good = [.. rows.Where(r => r.ValidationError <= most + 1e-9)];
        return good.Length > 0 ? good.MinBy(r => r.ValidationNfr) : rows.MinBy(r => r.ValidationError);
    }

    public void Print(IAnsiConsole console)
    {
        foreach ((string old, string updated) in Pairs)
        {
            CongruenceRow? none = Chosen(old, updated, CongruenceMethod.None);
            Table table = new Table().Title($"{old} → {updated}: test data, %; values chosen on the validation data")
                .AddColumns("method", "value", "error", "NFR", "95 %", "relative NFR", "of none's", "on the front", "seconds");
            CongruenceRow[] chosen = [.. CongruenceMethod.All.Select(m => Chosen(old, updated, m.Name)).OfType<CongruenceRow>()];
            foreach (CongruenceRow r in chosen)
            {
                bool front = !chosen.Any(o => o.Method != CongruenceMethod.OldModel && o.Error <= r.Error && o.Nfr <= r.Nfr && (o.Error < r.Error || o.Nfr < r.Nfr));
                table.AddRow(
                    r.Method, $"{Text(r.Value, "0.###")} {r.Detail}", Text(r.Error, "F2"), Text(r.Nfr, "F2"), $"{Text(r.Low, "F2")} – {Text(r.High, "F2")}", Text(r.Relative, "F1"),
                    none is null ? "" : Text(100 * r.Relative / none.Relative, "F0"), front ? "yes" : "", Text(r.Seconds, "F0"));
            }
            console.Write(table);
        }
    }

    /// <summary>Error against NFR: each method's values joined, those that were chosen with a ring.</summary>
    public void Draw(ExperimentSettings settings)
    {
        (Plot, int)[] panels = [.. Pairs.Select(p => (Panel(p.Old, p.New), 640))];
        if (panels.Length > 0) Chart.SavePng(settings.File("pc-table.png"), 560, panels);
    }

    private Plot Panel(string old, string updated)
    {
        CongruenceMethod[] methods = [.. CongruenceMethod.All.Where(m => m.Name != CongruenceMethod.OldModel && _rows.Any(r => r.Old == old && r.New == updated && r.Method == m.Name))];
        Plot plot = Chart.New($"{old} → {updated}, Fashion-MNIST", "error of the new model, %", "negative flips, %");
        for (int m = 0; m < methods.Length; m++)
        {
            CongruenceRow[] rows = [.. _rows.Where(r => r.Old == old && r.New == updated && r.Method == methods[m].Name).OrderBy(r => r.Value)];
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(rows.Select(r => r.Error).ToArray(), rows.Select(r => r.Nfr).ToArray(), Palette.Of(m));
            (line.LineWidth, line.MarkerSize, line.LinePattern, line.LegendText) = (rows.Length > 1 ? 1.6f : 0, 8, Palette.PatternOf(m), methods[m].Title);
            line.MarkerShape = m < 7 ? MarkerShape.FilledCircle : MarkerShape.FilledDiamond;
            if (rows.Length == 1 || Chosen(old, updated, methods[m].Name) is not { } chosen) continue;
            ScottPlot.Plottables.Marker ring = plot.Add.Marker(chosen.Error, chosen.Nfr, MarkerShape.OpenCircle, 16, Palette.Of(m));
            ring.MarkerLineWidth = 2;
        }
        plot.Axes.Margins(left: 0.06, right: 0.06, bottom: 0.08, top: 0.08);
        Chart.AddLegend(plot);
        return plot;
    }

    private static double Number(IReadOnlyDictionary<string, string> row, string column) => double.Parse(row[column], CultureInfo.InvariantCulture);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
