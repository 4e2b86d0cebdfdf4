using System.Xml.Linq;
using static GracefulKernels.Cli.Pages.Html;

namespace GracefulKernels.Cli.Pages;

/// <summary>A page that needs nothing but itself: its style is inside, pictures are inside, and no script is. Light or dark as the reader has it, and made to be printed.</summary>
internal static class Page
{
    /// <summary>Without the signs that HTML takes for its own; the colours of flips are those of the pictures, deeper on white and paler on black to be read as text.</summary>
    private const string Style = """

        :root { color-scheme: light dark; --ink: #1c2126; --soft: #59636e; --paper: #ffffff; --panel: #f4f6f8; --edge: #d5dbe1;
          --negative: #b34700; --positive: #00619a; --heat: #f0986a; --good: #00704f; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9ba6b1; --paper: #14181c; --panel: #1d2329; --edge: #364049;
          --negative: #ff9b61; --positive: #6cc0f0; --heat: #a84a12; --good: #4fc79c; } }
        @media print { :root { color-scheme: light; --ink: #000000; --soft: #444444; --paper: #ffffff; --panel: #f4f6f8; --edge: #bbbbbb;
          --negative: #b34700; --positive: #00619a; --heat: #f0986a; --good: #00704f; } }
        * { box-sizing: border-box; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
        h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
        h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; }
        p { margin: .4rem 0; max-width: 48rem; }
        .soft, footer { color: var(--soft); }
        footer { margin-top: 3rem; font-size: .85rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; font-size: .92rem; }
        dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        .cards { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
        .card { background: var(--panel); border: 1px solid var(--edge); border-radius: .5rem; padding: .6rem 1rem; min-width: 11rem; flex: 1 1 auto; }
        .card b { display: block; font-size: 1.5rem; line-height: 1.3; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .card span { display: block; font-size: .85rem; color: var(--soft); }
        .verdict { border: 2px solid var(--good); border-radius: .5rem; padding: .6rem 1rem; margin: 1.25rem 0; }
        .verdict.missed { border-color: var(--negative); }
        .verdict strong { font-size: 1.1rem; } .verdict ul { margin: .25rem 0 0; padding: 0; list-style: none; }
        .verdict.met strong, li.met b { color: var(--good); } .verdict.missed strong, li.missed b { color: var(--negative); }
        .wide { overflow-x: auto; margin: .75rem 0; }
        table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .3rem .75rem; text-align: left; border-bottom: 1px solid var(--edge); }
        thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
        .numbers td, .numbers th { text-align: right; white-space: nowrap; } .numbers .name { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
        .figures td:first-child, .figures td:nth-child(2) { white-space: nowrap; } .figures td:nth-child(2), .figures th:nth-child(2) { text-align: right; } .figures td:last-child { color: var(--soft); }
        .square td, .square th { text-align: center; padding: .6rem 1.4rem; } .square td { border: 1px solid var(--edge); }
        .square td b { display: block; font-size: 1.25rem; } .square tbody th { text-align: right; }
        .negative { color: var(--negative); } .positive { color: var(--positive); }
        td svg { display: block; } .bar-negative { fill: var(--negative); } .bar-positive { fill: var(--positive); } .axis { stroke: var(--soft); stroke-width: 1; }
        .heat td { text-align: center; padding: .35rem .6rem; border: 1px solid var(--paper); background: color-mix(in srgb, var(--heat) calc(var(--v, 0) * 100%), var(--panel)); }
        .heat td.none { background: none; color: var(--soft); } .heat thead th { text-align: center; } .heat th { border: 0; white-space: nowrap; }
        .samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .6rem; margin: .75rem 0; }
        .samples.plain { grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: .1rem 1rem; }
        figure { margin: 0; font-size: .85rem; line-height: 1.35; } figure img { display: block; height: 5.5rem; image-rendering: pixelated; border-radius: .25rem; margin-bottom: .2rem; }
        figcaption { overflow-wrap: anywhere; }
        @media print { html { font-size: 9.5pt; } main { max-width: none; padding: 0; } th, td { padding: .12rem .35rem; } td svg { width: 6rem; }
          .heat { font-size: 6.5pt; } .heat td { padding: .15rem; } .wide { overflow: visible; } tr, figure, .card { break-inside: avoid; } h2, h3 { break-after: avoid; } }

        """;

    /// <summary>A whole page.</summary>
    /// <param name="title">Its title and first heading.</param>
    /// <param name="madeBy">The command that made it.</param>
    /// <param name="content">What follows the heading; null is nothing.</param>
    public static string Create(string title, string madeBy, params IEnumerable<object?> content) => ToText(E(
        "html", A("lang", "en"),
        E("head",
            E("meta", A("charset", "utf-8")),
            E("meta", A("name", "viewport"), A("content", "width=device-width, initial-scale=1")),
            E("title", title),
            E("style", Style)),
        E("body", E("main", [E("h1", title), .. content, E("footer", $"Made by {madeBy}.")]))));

    /// <summary>Names and values in two columns.</summary>
    public static XElement Pairs(IEnumerable<(string Name, string Value)> pairs) => E("dl", pairs.Select(p => new[] { E("dt", p.Name), E("dd", p.Value) }));

    /// <summary>The figures that are looked for first.</summary>
    public static XElement Cards(IEnumerable<(string Name, string Value, string Note)> cards)
        => E("div", Class("cards"), cards.Select(c => E("div", Class("card"), E("span", c.Name), E("b", c.Value), E("span", c.Note))));

    /// <summary>A matrix as colours with its numbers written in: row 0 on top, pale to dark from 0 to the largest.</summary>
    /// <param name="corner">What rows and columns are.</param>
    /// <param name="names">Of rows and columns.</param>
    /// <param name="values">[rows, columns]; NaN stays empty.</param>
    /// <param name="write">The text of a number.</param>
    public static XElement HeatMap(string corner, IReadOnlyList<string> names, double[,] values, Func<double, string> write)
    {
        double top = values.Cast<double>().Where(double.IsFinite).DefaultIfEmpty(0).Max();
        return Table("heat", [corner, .. names], Enumerable.Range(0, names.Count).Select(
            r => new object[] { E("th", names[r]) }.Concat(Enumerable.Range(0, names.Count).Select(c => (object)Cell(values[r, c])))));

        XElement Cell(double value) => double.IsNaN(value)
            ? E("td", Class("none"), "·")
            : E("td", A("style", $"--v: {Number(top > 0 ? value / top : 0)}"), write(value));
    }
}
