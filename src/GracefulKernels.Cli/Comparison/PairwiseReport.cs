using System.Globalization;
using System.Text.Json;
using GracefulKernels.Cli.Charts;
using Spectre.Console;

namespace GracefulKernels.Cli.Comparison;

/// <summary>Negative flips between several models as a table, as a picture and as JSON.</summary>
internal static class PairwiseReport
{
    public const int MaximumModels = 64;

    public static void Print(Report report, PairwiseComparison pairs, string[] names)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumn("old \\ new");
        table.AddColumn(new TableColumn("accuracy").RightAligned());
        foreach (string name in names) table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned());
        for (int a = 0; a < names.Length; a++)
        {
            table.AddRow(
            [
                Markup.Escape(names[a]),
                Percent(pairs.Pairs[a, a].OldAccuracy),
                .. Enumerable.Range(0, names.Length).Select(b => a == b ? "·" : Percent(pairs.Pairs[a, b].NegativeFlipRate)),
            ]);
        }
        report.WriteLine("Negative flip rate in %, old model (row) → new model (column):");
        report.Write(table);
    }

    public static void Draw(string path, PairwiseComparison pairs, string[] names)
    {
        double[,] rates = new double[names.Length, names.Length];
        for (int a = 0; a < names.Length; a++)
        {
            for (int b = 0; b < names.Length; b++) rates[a, b] = a == b ? double.NaN : 100 * pairs.Pairs[a, b].NegativeFlipRate;
        }
        ScottPlot.Plot plot = HeatMap.Create(
            "Negative flip rate of an update", "new model", "old model", names, names, rates,
            (a, b) => a == b ? "" : Percent(pairs.Pairs[a, b].NegativeFlipRate), "negative flips, % of samples");
        int side = Math.Clamp(300 + (70 * names.Length), 520, 1400);
        Chart.SavePng(path, side - 60, (plot, side + 40));
    }

    public static void Write(Utf8JsonWriter json, PairwiseComparison pairs, string[] names)
    {
        json.WriteNumber("samples", pairs.Samples);
        json.WriteStrings("models", names);
        json.WriteStartArray("correct");
        for (int a = 0; a < names.Length; a++) json.WriteNumberValue(pairs.Pairs[a, a].OldRight);
        json.WriteEndArray();
        Matrix("negativeFlips", (a, b) => json.WriteNumberValue(pairs.Pairs[a, b].NegativeFlips));
        Matrix("relativeNfr", (a, b) => json.WriteFinite(pairs.Pairs[a, b].RelativeNegativeFlipRate));
        Matrix("nfr", (a, b) => json.WriteFinite(pairs.Pairs[a, b].NegativeFlipRate));

        void Matrix(string name, Action<int, int> write)
        {
            json.WriteStartArray(name);
            for (int a = 0; a < names.Length; a++)
            {
                json.WriteStartArray();
                for (int b = 0; b < names.Length; b++) write(a, b);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
    }

    private static string Percent(double part) => double.IsNaN(part) ? "—" : (100 * part).ToString("0.00", CultureInfo.InvariantCulture);
}
