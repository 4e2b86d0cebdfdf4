using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace GracefulKernels.Cli.Pages;

/// <summary>
/// HTML as a tree of elements: names and numbers from files get into a page as text and as nothing else, and every element is closed. The pages are well-formed XML too.
/// </summary>
internal static class Html
{
    /// <summary>Elements that have no end in HTML; all others need one even if they are empty.</summary>
    private static readonly HashSet<string> Void = ["meta", "img", "br", "hr", "col", "rect", "line"];

    /// <summary>An element.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">Attributes, elements, text, or sequences of them; null is nothing.</param>
    public static XElement E(string name, params object?[] content)
    {
        XElement element = new(name, [.. content.Select(Clean)]);
        if (element.IsEmpty && !Void.Contains(name)) element.Add("");
        return element;
    }

    public static XAttribute A(string name, string value) => new(name, Clean(value));

    public static XAttribute Class(string names) => new("class", names);

    /// <summary>A number as CSS and SVG take it.</summary>
    public static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>A table with a head; the cells of a row are text, elements or whole <c>td</c> and <c>th</c>.</summary>
    public static XElement Table(string classes, IEnumerable<object> head, IEnumerable<IEnumerable<object>> rows) => E(
        "div", Class("wide"), E(
            "table", Class(classes),
            E("thead", E("tr", head.Select(h => Cell("th", h)))),
            E("tbody", rows.Select(row => E("tr", row.Select(c => Cell("td", c)))))));

    /// <summary>The file: what a browser takes for HTML and a parser for XML.</summary>
    public static string ToText(XElement root) => "<!DOCTYPE html>\n" + root.ToString(SaveOptions.None).ReplaceLineEndings("\n") + "\n";

    private static XElement Cell(string name, object content)
        => content is XElement { Name.LocalName: "td" or "th" } cell ? cell : E(name, content);

    private static object? Clean(object? content) => content is string text ? Clean(text) : content;

    /// <summary>A name of a file may hold what no page may.</summary>
    private static string Clean(string text)
    {
        StringBuilder? clean = null;
        // Lone surrogates come as U+FFFD already.
        foreach (Rune rune in text.EnumerateRunes())
        {
            clean ??= new StringBuilder(text.Length);
            clean.Append(rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? Rune.ReplacementChar.ToString() : rune.ToString());
        }
        return clean?.ToString() ?? "";
    }
}
