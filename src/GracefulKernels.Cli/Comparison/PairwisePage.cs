using GracefulKernels.Cli.Pages;
using static GracefulKernels.Cli.Figures;
using static GracefulKernels.Cli.Pages.Html;

namespace GracefulKernels.Cli.Comparison;

/// <summary>Several models as a page: their accuracies, and the flips of an update from each to each.</summary>
internal static class PairwisePage
{
    public static string Create(IReadOnlyList<Predictions> models, NpyReader labels, PairwiseComparison pairs, string[] names)
    {
        int n = names.Length;
        return Page.Create(
            $"Updates between {n} models",
            "graceful compare",
            Page.Pairs(
            [
                ("labels", labels.FilePath),
                ("samples", $"{Count(pairs.Samples)} of {Count(labels.Rows)} rows; {Count(labels.Rows - pairs.Samples)} ignored"),
            ]),
            E("h2", "Models"),
            Table("numbers", [E("th", Class("name"), "model"), E("th", Class("name"), "file"), "right", "accuracy"], Enumerable.Range(0, n).Select(m => new object[]
            {
                E("td", Class("name"), names[m]), E("td", Class("name"), models[m].Path), Count(pairs.Pairs[m, m].OldRight), Percent(pairs.Pairs[m, m].OldAccuracy),
            })),
            E("h2", "Negative flip rate, %"),
            E("p", "Samples that the old model (row) has right and the new one (column) wrong, of all samples."),
            Page.HeatMap("old \\ new", names, Matrix(f => 100 * f.NegativeFlipRate), v => Write(v, "0.00")),
            E("h2", "Relative negative flip rate, %"),
            E("p", "The same over what independent errors would give, old accuracy · new error rate: 100 % is an update that keeps nothing of the old model."),
            Page.HeatMap("old \\ new", names, Matrix(f => 100 * f.RelativeNegativeFlipRate), v => Write(v, "0.0")),
            E("h2", "Churn, %"),
            E("p", "Samples whose predictions differ, right or wrong, of all samples."),
            Page.HeatMap("old \\ new", names, Matrix(f => 100 * f.Churn), v => Write(v, "0.00")));

        double[,] Matrix(Func<FlipCounts, double> figure)
        {
            double[,] values = new double[n, n];
            for (int a = 0; a < n; a++)
            {
                for (int b = 0; b < n; b++) values[a, b] = a == b ? double.NaN : figure(pairs.Pairs[a, b]);
            }
            return values;
        }
    }

    private static string Write(double value, string format) => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
}
