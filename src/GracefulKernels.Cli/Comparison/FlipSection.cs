using System.Xml.Linq;
using static GracefulKernels.Cli.Figures;
using static GracefulKernels.Cli.Pages.Html;

namespace GracefulKernels.Cli.Comparison;

/// <summary>The samples that flipped, negative ones first, with their images where there are some.</summary>
internal static class FlipSection
{
    public static IEnumerable<XElement> Create(UpdateComparison update, ClassNames names, FlippedImages? images)
    {
        yield return E("h2", "Samples that flipped");
        yield return E("p", "By their row in the files, each with the old prediction → the new one. ", E("code", "flips.csv"), " beside this page has all of them.");
        foreach (XElement element in Kind("Negative flips", "right before, wrong now", "negative", update.Flips.Negative, update.Total.NegativeFlips)) yield return element;
        foreach (XElement element in Kind("Positive flips", "wrong before, right now", "positive", update.Flips.Positive, update.Total.PositiveFlips)) yield return element;

        IEnumerable<XElement> Kind(string title, string meaning, string color, IReadOnlyList<FlippedSample> flips, long total)
        {
            yield return E("h3", Class(color), $"{title}: {Count(total)}");
            string shown = flips.Count < total ? $" The first {Count(flips.Count)} are shown." : "";
            yield return E("p", Class("soft"), total == 0 ? "There are none." : $"{char.ToUpperInvariant(meaning[0])}{meaning[1..]}.{shown}");
            if (flips.Count == 0) yield break;
            yield return E("div", Class(images is null ? "samples plain" : "samples"), flips.Select(f => E(
                "figure",
                A("title", $"row {f.Row}: label {names[f.Label]}, old prediction {names[f.Old]}, new prediction {names[f.New]}"),
                images is null ? null : E("img", A("alt", $"image {f.Row}"), A("src", images[f.Row])),
                E("figcaption", E("span", Class("soft"), $"{f.Row} "), names[f.Old], " → ", E("span", Class(color), names[f.New])))));
        }
    }
}
