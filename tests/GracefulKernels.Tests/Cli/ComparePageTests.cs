using System.Globalization;
using System.Xml.Linq;
using SkiaSharp;

namespace GracefulKernels.Tests;

public sealed class ComparePageTests
{
    private const int Rows = 400;

    [Fact]
    public void ThePageSaysWhatTheCountsSayAndNeedsNothingButItself()
    {
        using TemporaryFolder folder = new();
        (int[] old, int[] now, int[] labels) = Write(folder);
        XElement page = Page(folder, [.. Args(folder), "--gate", "nfr<=0.5%", "churn<=100%"], code: 1);
        FlipCounts expected = FlipCounts.FromPredictions(old, now, labels, 4, -1);
        FlipCounts[] classes = FlipCounts.PerClassFromPredictions(old, now, labels, 4, -1);
        Assert.True(expected is { NegativeFlips: > 100, PositiveFlips: > 5 });

        Assert.Equal("Update old → new", page.Descendants("h1").Single().Value);
        string[] square = [.. page.Descendants("table").Single(t => Kind(t) == "square").Descendants("b").Select(b => b.Value)];
        Assert.Equal([$"{expected.BothRight}", $"{expected.NegativeFlips}", $"{expected.PositiveFlips}", $"{expected.BothWrong}"], square);
        string[][] perClass = [.. page.Descendants("table").Single(t => Kind(t) == "numbers").Element("tbody")!.Elements("tr")
            .Select(r => r.Elements("td").Select(d => d.Value).ToArray())];
        Assert.Equal([.. classes.Index().OrderByDescending(c => c.Item.NegativeFlips).Select(c => $"{c.Index}")], perClass.Select(r => r[0]));
        foreach (string[] row in perClass)
        {
            FlipCounts of = classes[int.Parse(row[0], CultureInfo.InvariantCulture)];
            Assert.Equal(($"{of.Samples}", $"{of.NegativeFlips}", $"{of.PositiveFlips}"), (row[1], row[4], row[6]));
        }
        XElement verdict = page.Descendants("div").Single(d => Kind(d) == "verdict missed");
        Assert.Contains("Not released: 1 of 2 gates not met", verdict.Value);
        Assert.Equal(["missed", "met"], verdict.Descendants("li").Select(Kind));
        string text = File.ReadAllText(folder.File("out/report.html"));
        foreach (string foreign in (string[])["http:", "https:", "src=\"/", "href", "<script", "@import", "url("]) Assert.DoesNotContain(foreign, text);
    }

    [Fact]
    public void TheFlipsOfThePageAndOfTheFileAreTheRightOnes()
    {
        using TemporaryFolder folder = new();
        (int[] old, int[] now, int[] labels) = Write(folder);
        XElement page = Page(folder, Args(folder));
        List<string> lines = ["row,label,old,new,kind"];
        List<int> negative = [], positive = [];
        for (int i = 0; i < Rows; i++)
        {
            bool before = old[i] == labels[i], after = now[i] == labels[i];
            if (labels[i] == -1 || before == after) continue;
            (before ? negative : positive).Add(i);
            lines.Add($"{i},{labels[i]},{old[i]},{now[i]},{(before ? "negative" : "positive")}");
        }
        Assert.Equal(lines, File.ReadAllLines(folder.File("out/flips.csv")));
        // The first hundred of each.
        int[] shown = [.. negative.Take(100), .. positive.Take(100)];
        Assert.Equal(
            shown.Select(i => $"{i} {Name(old[i])} → {Name(now[i])}"),
            page.Descendants("figcaption").Select(c => c.Value));
        Assert.Equal([$"Negative flips: {negative.Count}", $"Positive flips: {positive.Count}"], page.Descendants("h3").Select(h => h.Value));
        Assert.Contains("The first 100 are shown.", page.Value);
        Assert.Empty(page.Descendants("img"));

        static string Name(int prediction) => prediction < 0 ? "—" : $"{prediction}";
    }

    [Theory]
    [InlineData("npy")]
    [InlineData("idx")]
    [InlineData("idx.gz")]
    [InlineData("png")]
    public void ThumbnailsAreThoseOfTheFlippedRows(string kind)
    {
        using TemporaryFolder folder = new();
        Write(folder);
        // Each image is grey of its row's number; the file has others before them.
        const int Before = 3;
        byte[] pixels = [.. Enumerable.Range(-Before, Before + Rows).SelectMany(i => Enumerable.Repeat((byte)(i & 255), 4))];
        string file = folder.File($"images.{kind}");
        if (kind == "npy") File.WriteAllBytes(file, NpyBytes.Make(NpyBytes.Header("|u1", $"({Before + Rows}, 2, 2)"), pixels));
        else if (kind == "png") File.WriteAllBytes(file, Grey(4, Before + Rows, pixels));
        else File.WriteAllBytes(file, Idx(Before + Rows, pixels, packed: kind == "idx.gz"));
        XElement page = Page(folder, [.. Args(folder), "--images", $"{file}[{Before}:]"]);
        XElement[] figures = [.. page.Descendants("figure")];
        Assert.True(figures.Length > 100);
        foreach (XElement figure in figures)
        {
            int row = int.Parse(figure.Element("figcaption")!.Value.Split(' ')[0], CultureInfo.InvariantCulture);
            string source = figure.Element("img")!.Attribute("src")!.Value;
            Assert.StartsWith("data:image/png;base64,", source);
            using SKBitmap image = SKBitmap.Decode(Convert.FromBase64String(source.Split(',')[1]));
            Assert.Equal((2, 2), (image.Width, image.Height));
            Assert.Equal(row & 255, image.GetPixel(1, 1).Red);
        }
    }

    [Theory]
    [InlineData("(2, 3, 100, 200)", 96, 48)]
    [InlineData("(2, 100, 200, 3)", 96, 48)]
    [InlineData("(2, 16)", 4, 4)]
    public void LargeImagesAreMadeSmallAndVectorsSquare(string shape, int width, int height)
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("old.npy"), [0, 1], 2);
        NpyFile.Write(folder.File("new.npy"), [0, 0], 2);
        NpyFile.Write(folder.File("y.npy"), [0, 1], 2);
        int[] sides = [.. shape.Trim('(', ')').Split(',').Select(int.Parse)];
        int elements = sides.Aggregate(1, (a, b) => a * b);
        // The first image is black, the second white: which only the right one is.
        byte[] pixels = [.. Enumerable.Range(0, elements).Select(i => i < elements / 2 ? (byte)0 : (byte)255)];
        File.WriteAllBytes(folder.File("images.npy"), NpyBytes.Make(NpyBytes.Header("|u1", shape), pixels));
        XElement page = Page(folder, [.. Args(folder), "--images", folder.File("images.npy")]);
        using SKBitmap image = SKBitmap.Decode(Convert.FromBase64String(page.Descendants("img").Single().Attribute("src")!.Value.Split(',')[1]));
        Assert.Equal((width, height), (image.Width, image.Height));
        Assert.Equal(SKColors.White, image.GetPixel(width / 2, height / 2));
    }

    [Fact]
    public void OtherNumbersOfImagesAreRefusedBeforeTheWork()
    {
        using TemporaryFolder folder = new();
        Write(folder);
        NpyFile.Write(folder.File("images.npy"), new float[(Rows + 1) * 4], Rows + 1, 2, 2);
        (int code, string output, string error) = Tool.Run([.. Args(folder), "--images", folder.File("images.npy"), "--out", folder.File("out")]);
        Assert.Equal((1, ""), (code, output));
        Tool.AssertOneLine(error, "images.npy: found 401 images; expected 400, one for each label");
        Assert.False(Directory.Exists(folder.File("out")));
    }

    [Fact]
    public void NamesAreTextWhateverTheyHold()
    {
        using TemporaryFolder folder = new();
        Write(folder);
        string[] names = ["<b>&amp;</b>", "\"quoted\" 'too'", "a\u0001b\ud800", "</td><script>"];
        File.WriteAllText(folder.File("names.json"), """["<b>&amp;</b>", "\"quoted\" 'too'", "a\u0001b\ufffd", "</td><script>"]""");
        File.Move(folder.File("old.npy"), folder.File("<old>&.npy"));
        string[] args = ["compare", "--old", folder.File("<old>&.npy"), "--new", folder.File("new.npy"), "--labels", folder.File("y.npy"), "--ignore-index", "-1"];
        XElement page = Page(folder, [.. args, "--class-names", folder.File("names.json")]);
        Assert.Equal("Update <old>& → new", page.Descendants("title").Single().Value);
        string[] shown = [.. page.Descendants("td").Where(d => Kind(d) == "name").Select(d => d.Value[2..]).Order(StringComparer.Ordinal)];
        Assert.Equal([.. new[] { names[0], names[1], "a\ufffdb\ufffd", names[3] }.Order(StringComparer.Ordinal)], shown);
        Assert.DoesNotContain("<script", File.ReadAllText(folder.File("out/report.html")));
    }

    [Fact]
    public void NamesComeOneALineTooAndMustBeEnough()
    {
        using TemporaryFolder folder = new();
        Write(folder);
        File.WriteAllText(folder.File("names.txt"), "cat\ndog\r\nbird\nship\n");
        string output = Tool.Run([.. Args(folder), "--class-names", folder.File("names.txt")]).Output;
        Assert.Contains("2 bird", output);
        File.WriteAllText(folder.File("names.txt"), "cat\ndog\n");
        (int code, _, string error) = Tool.Run([.. Args(folder), "--class-names", folder.File("names.txt"), "--out", folder.File("out")]);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "names.txt: found 2 names; expected one for each of 4 classes");
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("out")));
        // Of logits the classes are known before the work.
        NpyFile.Write(folder.File("z.npy"), new float[Rows * 4], Rows, 4);
        (code, _, error) = Tool.Run(
            "compare", "--old", folder.File("z.npy"), "--new", folder.File("z.npy"), "--labels", folder.File("y.npy"), "--class-names", folder.File("names.txt"), "--out", folder.File("none"));
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "names.txt: found 2 names; expected one for each of 4 classes");
        Assert.False(Directory.Exists(folder.File("none")));
        File.WriteAllText(folder.File("names.txt"), "[1, 2]");
        Tool.AssertOneLine(Tool.Run([.. Args(folder), "--class-names", folder.File("names.txt")]).Error, "expected a JSON array of strings");
    }

    [Fact]
    public void NothingToCompareMakesAPageToo()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("z.npy"), Array.Empty<float>(), 0, 3);
        NpyFile.Write(folder.File("y.npy"), Array.Empty<int>(), 0);
        XElement page = Page(folder, ["compare", "--old", folder.File("z.npy"), "--new", folder.File("z.npy"), "--labels", folder.File("y.npy")]);
        Assert.Contains("0 of 0 rows", page.Value);
        Assert.Contains("—", page.Value);
        Assert.Equal("row,label,old,new,kind\n", File.ReadAllText(folder.File("out/flips.csv")));
    }

    [Fact]
    public void RowsWithNaNAreToldAndIgnoredRowsCounted()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("old.npy"), [1f, 0, 1, 0, 0, 1], 3, 2);
        NpyFile.Write(folder.File("new.npy"), [float.NaN, 0, 1, 0, 0, 1], 3, 2);
        NpyFile.Write(folder.File("y.npy"), [0, -1, 1], 3);
        XElement page = Page(folder, Args(folder));
        Assert.Contains("2 of 3 rows; 1 ignored (label -1)", page.Value);
        Assert.Contains("0 rows of old, 1 of new", page.Value);
        Assert.Equal(["0 0 → —"], page.Descendants("figcaption").Select(c => c.Value));
        Assert.Equal("row,label,old,new,kind\n0,0,0,-1,negative\n", File.ReadAllText(folder.File("out/flips.csv")));
    }

    [Fact]
    public void PairsHaveTheirMatricesOnAPage()
    {
        using TemporaryFolder folder = new();
        (int[] old, int[] now, int[] labels) = Write(folder);
        NpyFile.Write(folder.File("third.npy"), [.. labels.Select(y => y < 0 ? 0 : y)], Rows);
        string[] args = ["compare", "--pairs", folder.File("old.npy"), folder.File("new.npy"), folder.File("third.npy"), "--labels", folder.File("y.npy"), "--ignore-index", "-1"];
        XElement page = Page(folder, args);
        int[][] models = [old, now, labels];
        string[][] heat = [.. page.Descendants("table").First(t => Kind(t) == "heat").Element("tbody")!.Elements("tr").Select(r => r.Elements("td").Select(d => d.Value).ToArray())];
        for (int a = 0; a < 3; a++)
        {
            for (int b = 0; b < 3; b++)
            {
                FlipCounts flips = FlipCounts.FromPredictions(models[a], models[b], labels, 4, -1);
                Assert.Equal(a == b ? "·" : (100 * flips.NegativeFlipRate).ToString("0.00", CultureInfo.InvariantCulture), heat[a][b]);
            }
        }
        Assert.Equal(3, page.Descendants("table").Count(t => Kind(t) == "heat"));
    }

    /// <summary>Labels, and predictions of two models that flip many of them; some rows are ignored, some have no prediction.</summary>
    private static (int[] Old, int[] New, int[] Labels) Write(TemporaryFolder folder)
    {
        Random random = new(3);
        int[] labels = [.. Enumerable.Range(0, Rows).Select(i => i % 17 == 0 ? -1 : random.Next(4))];
        int[] old = [.. labels.Select(y => random.Next(10) == 0 ? random.Next(4) : Math.Max(0, y))], now = [.. labels.Select(y => random.Next(2) == 0 ? random.Next(-1, 4) : Math.Max(0, y))];
        NpyFile.Write(folder.File("old.npy"), old, Rows);
        NpyFile.Write(folder.File("new.npy"), now, Rows);
        NpyFile.Write(folder.File("y.npy"), labels, Rows);
        return (old, now, labels);
    }

    private static string[] Args(TemporaryFolder folder)
        => ["compare", "--old", folder.File("old.npy"), "--new", folder.File("new.npy"), "--labels", folder.File("y.npy"), "--ignore-index", "-1"];

    private static XElement Page(TemporaryFolder folder, string[] args, int code = 0)
    {
        (int found, string output, string error) = Tool.Run([.. args, "--out", folder.File("out")]);
        Assert.Equal((code, code == 0), (found, error.Length == 0));
        Assert.Contains("Page: ", output);
        string text = File.ReadAllText(folder.File("out/report.html"));
        Assert.StartsWith("<!DOCTYPE html>\n<html", text);
        // Well-formed: every element is closed and every name escaped. Only these may be closed at once in HTML.
        foreach (string empty in text.Split("/>")[..^1]) Assert.Contains(empty[(empty.LastIndexOf('<') + 1)..].Split(' ')[0], (string[])["meta", "img", "br", "rect", "line"]);
        return XDocument.Parse(text).Root!;
    }

    private static string Kind(XElement element) => element.Attribute("class")?.Value ?? "";

    private static byte[] Grey(int width, int height, byte[] pixels)
    {
        using SKBitmap bitmap = new(width, height, SKColorType.Gray8, SKAlphaType.Opaque);
        for (int y = 0; y < height; y++) pixels.AsSpan(y * width, width).CopyTo(bitmap.GetPixelSpan()[(y * bitmap.RowBytes)..]);
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private static byte[] Idx(int count, byte[] pixels, bool packed)
    {
        byte[] file = [0, 0, 8, 3, 0, 0, (byte)(count >> 8), (byte)count, 0, 0, 0, 2, 0, 0, 0, 2, .. pixels];
        if (!packed) return file;
        using MemoryStream stream = new();
        using (System.IO.Compression.GZipStream gzip = new(stream, System.IO.Compression.CompressionMode.Compress)) gzip.Write(file);
        return stream.ToArray();
    }
}
