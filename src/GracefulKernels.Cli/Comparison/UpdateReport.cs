using System.Text.Json;
using GracefulKernels.Cli.Charts;
using Spectre.Console;
using static GracefulKernels.Cli.Figures;

namespace GracefulKernels.Cli.Comparison;

/// <summary>An update's figures as tables, as a picture and as JSON.</summary>
internal static class UpdateReport
{
    /// <summary>Classes shown in the table and the picture; the JSON has all of them.</summary>
    private const int ShownInTable = 20, ShownInPicture = 30;

    public static void Print(Report report, UpdateComparison update, ClassNames names)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("figure").AddColumn(new TableColumn("value").RightAligned()).AddColumn("meaning");
        foreach (Figure figure in UpdateFigures.All(update)) table.AddRow(figure.Name, figure.Value, figure.Meaning);
        report.Write(table);
        if (UpdateFigures.Undefined(update) is { } undefined) report.WriteLine(undefined);
        if (update.PerClass is { Length: > 0 } classes) PrintClasses(report, classes, names);
    }

    public static void Draw(string path, UpdateComparison update, ClassNames names)
    {
        FlipCounts all = update.Total;
        double[,] counts = { { all.BothRight, all.NegativeFlips }, { all.PositiveFlips, all.BothWrong } };
        ScottPlot.Plot square = HeatMap.Create(
            "All samples", "new model", "old model", ["right", "wrong"], ["right", "wrong"], counts,
            (r, c) => $"{Count((long)counts[r, c])}\n{Percent(counts[r, c] / Math.Max(1, all.Samples))}{Kind(r, c)}");
        if (update.PerClass is not { Length: > 0 } classes)
        {
            Chart.SavePng(path, 480, (square, 460));
            return;
        }
        int[] shown = Largest(classes, ShownInPicture);
        string part = shown.Length < classes.Length ? $" (the {shown.Length} of {classes.Length} classes with most flips)" : "";
        ScottPlot.Plot bars = Bars.Grouped(
            $"Flips of each class{part}", names.Any ? "class" : "class (label)", "flips (samples)", [.. shown.Select(c => names[c])],
            [
                new BarSeries("negative: old right, new wrong", [.. shown.Select(c => (double)classes[c].NegativeFlips)], Palette.NegativeFlips),
                new BarSeries("positive: old wrong, new right", [.. shown.Select(c => (double)classes[c].PositiveFlips)], Palette.PositiveFlips),
            ],
            "0");
        Chart.SavePng(path, 480, (bars, 760), (square, 440));

        static string Kind(int row, int column) => row == column ? "" : row == 0 ? "\nnegative flips" : "\npositive flips";
    }

    public static void Write(Utf8JsonWriter json, UpdateComparison update, IReadOnlyList<GateVerdict> verdicts)
    {
        FlipCounts all = update.Total;
        json.WriteNumber("samples", all.Samples);
        WriteCounts(json, all);
        json.WriteFinite("nfr", all.NegativeFlipRate);
        json.WriteFinite("pfr", all.PositiveFlipRate);
        json.WriteFinite("relativeNfr", all.RelativeNegativeFlipRate);
        json.WriteFinite("nfi", all.NegativeFlipImpact);
        json.WriteFinite("btc", all.BackwardTrustCompatibility);
        json.WriteFinite("bec", all.BackwardErrorCompatibility);
        json.WriteFinite("churn", all.Churn);
        json.WriteFinite("mcnemarP", all.McNemarP);
        json.WriteStartArray("nfrInterval");
        json.WriteFinite(all.NegativeFlipRateInterval.Low);
        json.WriteFinite(all.NegativeFlipRateInterval.High);
        json.WriteEndArray();
        json.WriteFinite("oldAccuracy", all.OldAccuracy);
        json.WriteFinite("newAccuracy", all.NewAccuracy);
        if (update is { OldCrossEntropy: { } before, NewCrossEntropy: { } after })
        {
            json.WriteFinite("oldCrossEntropy", before);
            json.WriteFinite("newCrossEntropy", after);
        }
        json.WriteNumber("undefinedOld", all.UndefinedOld);
        json.WriteNumber("undefinedNew", all.UndefinedNew);
        json.WriteNumber("rows", update.Rows);
        if (verdicts.Count > 0) WriteGates(json, verdicts);
        if (update.PerClass is not { } classes) return;
        json.WriteStartArray("perClass");
        for (int c = 0; c < classes.Length; c++)
        {
            json.WriteStartObject();
            json.WriteNumber("class", c);
            json.WriteNumber("samples", classes[c].Samples);
            WriteCounts(json, classes[c]);
            json.WriteFinite("nfr", classes[c].NegativeFlipRate);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteGates(Utf8JsonWriter json, IReadOnlyList<GateVerdict> verdicts)
    {
        json.WriteBoolean("gatesMet", verdicts.All(v => v.Met));
        json.WriteObjects("gates", verdicts, verdict =>
        {
            json.WriteString("figure", verdict.Gate.Figure);
            json.WriteString("operator", verdict.Gate.Operator);
            json.WriteNumber("bound", verdict.Gate.Bound);
            json.WriteFinite("value", verdict.Value);
            json.WriteBoolean("met", verdict.Met);
        });
    }

    private static void WriteCounts(Utf8JsonWriter json, FlipCounts figures)
    {
        json.WriteNumber("bothRight", figures.BothRight);
        json.WriteNumber("bothWrong", figures.BothWrong);
        json.WriteNumber("positiveFlips", figures.PositiveFlips);
        json.WriteNumber("negativeFlips", figures.NegativeFlips);
    }

    private static void PrintClasses(Report report, FlipCounts[] classes, ClassNames names)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string head in (string[])["class", "samples", "old accuracy", "new accuracy", "negative flips", "positive flips", "NFR"])
        {
            table.AddColumn(new TableColumn(head).RightAligned());
        }
        int[] shown = Largest(classes, ShownInTable);
        foreach (int c in shown)
        {
            FlipCounts f = classes[c];
            table.AddRow(
                Markup.Escape(names.Any ? $"{c} {names[c]}" : $"{c}"),
                Count(f.Samples),
                Percent(f.OldAccuracy),
                Percent(f.NewAccuracy),
                Count(f.NegativeFlips),
                Count(f.PositiveFlips),
                Percent(f.NegativeFlipRate));
        }
        report.Write(table);
        if (shown.Length < classes.Length) report.WriteLine($"Shown: the {shown.Length} of {classes.Length} classes with most flips. --json writes all of them.");
    }

    /// <summary>The classes with most flips, in the order of their labels; all where they are few.</summary>
    internal static int[] Largest(FlipCounts[] classes, int count) =>
    [
        .. Enumerable.Range(0, classes.Length)
            .OrderByDescending(c => classes[c].NegativeFlips + classes[c].PositiveFlips)
            .ThenByDescending(c => classes[c].Samples).ThenBy(c => c)
            .Take(count).Order(),
    ];
}
