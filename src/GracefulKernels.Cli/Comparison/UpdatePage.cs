using System.Xml.Linq;
using GracefulKernels.Cli.Pages;
using static GracefulKernels.Cli.Comparison.UpdateFigures;
using static GracefulKernels.Cli.Figures;
using static GracefulKernels.Cli.Pages.Html;

namespace GracefulKernels.Cli.Comparison;

/// <summary>An update as a page: verdict, 2×2 table, figures, classes, and the samples that flipped.</summary>
internal static class UpdatePage
{
    /// <summary>More rows nobody reads; the JSON has all classes.</summary>
    private const int ShownClasses = 100;

    private const int BarWidth = 170, BarHeight = 14;

    /// <param name="inputs">The files.</param>
    /// <param name="update">What was found.</param>
    /// <param name="verdicts">Of the gates; may be none.</param>
    /// <param name="names">Of the classes.</param>
    /// <param name="images">Of the samples that flipped; null where none were given.</param>
    public static string Create(
        UpdateInputs inputs, UpdateComparison update, IReadOnlyList<GateVerdict> verdicts, ClassNames names, FlippedImages? images)
    {
        string[] models = ModelNames.Shortest([inputs.Old.Path, inputs.New.Path]);
        FlipCounts all = update.Total;
        (double low, double high) = all.NegativeFlipRateInterval;
        List<(string, string)> files =
        [
            ("old", inputs.Old.Path), ("new", inputs.New.Path), ("labels", inputs.Labels.FilePath),
            ("samples", $"{Count(all.Samples)} of {Count(update.Rows)} rows; {Count(update.Rows - all.Samples)} ignored (label {inputs.IgnoreIndex})"),
            ("classes", Count(update.Classes)),
        ];
        return Page.Create(
            $"Update {models[0]} → {models[1]}",
            "graceful compare",
            Page.Pairs(files),
            verdicts.Count == 0 ? null : Verdict(verdicts),
            Page.Cards(
            [
                ("negative flip rate", Percent(all.NegativeFlipRate), $"95 % interval {Percent(low)} to {Percent(high)}"),
                ("accuracy", $"{Percent(all.OldAccuracy)} → {Percent(all.NewAccuracy)}", "old → new"),
                ("relative NFR", Percent(all.RelativeNegativeFlipRate), "100 % = independent errors"),
                ("churn", Percent(all.Churn), "predictions that differ"),
            ]),
            E("h2", "What became of the samples"),
            Square(all),
            UpdateFigures.Undefined(update) is { } undefined ? E("p", undefined) : null,
            E("h2", "Figures"),
            Table("figures", ["figure", "value", "meaning"], All(update).Select(f => new object[] { f.Name, f.Value, f.Meaning })),
            update.PerClass is { Length: > 0 } classes ? Classes(classes, names) : null,
            FlipSection.Create(update, names, images));
    }

    private static XElement Verdict(IReadOnlyList<GateVerdict> verdicts)
    {
        bool met = verdicts.All(v => v.Met);
        return E(
            "div", Class($"verdict {(met ? "met" : "missed")}"),
            E("strong", met ? "✓ Released: every gate is met" : $"✗ Not released: {verdicts.Count(v => !v.Met)} of {verdicts.Count} gates not met"),
            E("ul", verdicts.Select(v => E("li", Class(v.Met ? "met" : "missed"), E("b", v.Met ? "✓ " : "✗ "), v.ToString()))));
    }

    private static XElement Square(FlipCounts all)
    {
        return Table(
            "square", ["", "new right", "new wrong"],
            [
                [E("th", "old right"), Cell("both right", "", all.BothRight), Cell("negative flips", "negative", all.NegativeFlips)],
                [E("th", "old wrong"), Cell("positive flips", "positive", all.PositiveFlips), Cell("both wrong", "", all.BothWrong)],
            ]);

        XElement Cell(string kind, string color, long count) => E(
            "td", Class(color), E("b", Count(count)), Percent(all.Samples == 0 ? double.NaN : (double)count / all.Samples), E("br"), kind);
    }

    private static IEnumerable<XElement> Classes(FlipCounts[] classes, ClassNames names)
    {
        int[] shown =
        [
            .. Enumerable.Range(0, classes.Length)
                .OrderByDescending(c => classes[c].NegativeFlips).ThenByDescending(c => classes[c].PositiveFlips).ThenBy(c => c)
                .Take(ShownClasses),
        ];
        long largest = Math.Max(1, shown.Max(c => Math.Max(classes[c].NegativeFlips, classes[c].PositiveFlips)));
        yield return E("h2", "Flips of each class");
        yield return E(
            "p", "By the label of the sample, most negative flips first. ", E("span", Class("negative"), "Left: negative flips"), "; ", E("span", Class("positive"), "right: positive flips"), ".",
            shown.Length < classes.Length ? $" Shown are {shown.Length} of {Count(classes.Length)} classes; the JSON report has all." : null);
        object[] head = [E("th", Class("name"), "class"), "samples", "old accuracy", "new accuracy", "negative", E("th", ""), "positive", "NFR"];
        yield return Table("numbers", head, shown.Select(c => new object[]
        {
            E("td", Class("name"), names.Any ? $"{c} {names[c]}" : $"{c}"),
            Count(classes[c].Samples),
            Percent(classes[c].OldAccuracy),
            Percent(classes[c].NewAccuracy),
            E("td", Class("negative"), Count(classes[c].NegativeFlips)),
            Bars(classes[c], largest),
            E("td", Class("positive"), Count(classes[c].PositiveFlips)),
            Percent(classes[c].NegativeFlipRate),
        }));
    }

    /// <summary>Negative flips to the left of a line, positive flips to the right, all classes on one scale.</summary>
    private static XElement Bars(FlipCounts flips, long largest)
    {
        double middle = BarWidth / 2.0, left = middle * flips.NegativeFlips / largest, right = middle * flips.PositiveFlips / largest;
        return E(
            "svg", A("width", $"{BarWidth}"), A("height", $"{BarHeight}"), A("viewBox", $"0 0 {BarWidth} {BarHeight}"), A("role", "img"),
            A("aria-label", $"{flips.NegativeFlips} negative, {flips.PositiveFlips} positive flips"),
            Bar("bar-negative", middle - left, left), Bar("bar-positive", middle, right),
            E("line", Class("axis"), A("x1", Number(middle)), A("x2", Number(middle)), A("y1", "0"), A("y2", $"{BarHeight}")));

        static XElement Bar(string kind, double x, double width)
            => E("rect", Class(kind), A("x", Number(x)), A("y", "1"), A("width", Number(width)), A("height", $"{BarHeight - 2}"));
    }
}
