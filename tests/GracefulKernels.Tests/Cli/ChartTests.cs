using GracefulKernels.Cli.Charts;
using SkiaSharp;

namespace GracefulKernels.Tests;

public sealed class ChartTests
{
    private static readonly SKColor Blue = SKColor.Parse("#0072B2"), Vermilion = SKColor.Parse("#D55E00");

    [Fact]
    public void BarsAndWordsAreDrawn()
    {
        using SKBitmap picture = Draw(Bars.Grouped("Title", "method", "flips (%)", ["a", "b"], [new("first", [1, 2]), new("second", [2, double.NaN])]));
        Assert.Equal((1520, 960), (picture.Width, picture.Height));
        double blue = Share(picture, Blue), vermilion = Share(picture, Vermilion);
        // Heights 1 and 2 against 2 and none: three bars' halves of one colour, one bar of the other.
        Assert.InRange(blue / vermilion, 1.4, 1.6);
        AssertTitle(picture);
    }

    [Fact]
    public void StackedBarsStandOnOneAnother()
    {
        using SKBitmap picture = Draw(Bars.Stacked("Title", "method", "s", ["a", "b"], [new("first", [1, 1]), new("second", [3, 3])]));
        Assert.InRange(Share(picture, Vermilion) / Share(picture, Blue), 2.8, 3.2);
    }

    [Fact]
    public void LinesLeaveOutWhatALogarithmCannotShow()
    {
        using SKBitmap picture = Draw(Lines.Create("Title", "iterations", "residual", [new("a", [0, 1, 2, 3], [1, 0, double.NaN, 1e-3]), new("b", [0, 3], [1, 1e-6])], logY: true));
        Assert.True(Share(picture, Blue) > 1e-4 && Share(picture, Vermilion) > 1e-4);
        AssertTitle(picture);
    }

    [Fact]
    public void AHeatMapRunsFromPaleToDarkWithRow0OnTop()
    {
        double[,] values = { { 0, 0 }, { 0, 10 } };
        using SKBitmap picture = Draw(HeatMap.Create("Title", "new", "old", ["a", "b"], ["a", "b"], values, (r, c) => $"{values[r, c]}", "%"));
        Assert.True(Share(picture, SKColor.Parse("#08427A")) > 0.1);
        // Lower right, off the number in its middle.
        Assert.Equal(SKColor.Parse("#08427A"), picture.GetPixel(900, 700));
        Assert.Equal(SKColor.Parse("#F3F7FB"), picture.GetPixel(400, 250));
    }

    [Fact]
    public void EmptyAndEqualValuesCanBeDrawn()
    {
        Draw(Bars.Grouped("t", "x", "y", ["a"], [new("none", [double.NaN])])).Dispose();
        Draw(Bars.Grouped("t", "x", "y", ["a"], [new("zero", [0])])).Dispose();
        Draw(Lines.Create("t", "x", "y", [new("none", [], []), new("one", [1], [1])], logY: true)).Dispose();
        Draw(HeatMap.Create("t", "x", "y", ["a"], ["a"], new[,] { { double.NaN } }, (_, _) => "")).Dispose();
        Draw(HeatMap.Create("t", "x", "y", ["a"], ["a"], new[,] { { 0.0 } }, (_, _) => "0")).Dispose();
    }

    [Fact]
    public void TheFontComesWithTheToolAndHasEverySignThatIsUsed()
    {
        SKTypeface font = new EmbeddedFonts().CreateTypeface(EmbeddedFonts.Family, bold: false, italic: false)!;
        Assert.Equal("DejaVu Sans", font.FamilyName);
        Assert.True(new EmbeddedFonts().CreateTypeface(EmbeddedFonts.Family, bold: true, italic: false)!.IsBold);
        using SKFont sized = new(font);
        Assert.True(sized.ContainsGlyphs("0123456789 ABCxyz%.,·×‖→—…⁻⁰¹²³⁴⁵⁶⁷⁸⁹λτ±"));
        Assert.Null(new EmbeddedFonts().CreateTypeface("Another", bold: false, italic: false));
    }

    [Fact]
    public void APictureIsWrittenWholeOrNotAtAll()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<DirectoryNotFoundException>(() => Chart.SavePng(folder.File("nowhere/a.png"), 100, (Bars.Grouped("t", "x", "y", ["a"], [new("b", [1])]), 100)));
        Assert.Empty(folder.Names());
    }

    private static SKBitmap Draw(ScottPlot.Plot plot)
    {
        using TemporaryFolder folder = new();
        Chart.SavePng(folder.File("a.png"), 480, (plot, 760));
        Assert.Equal(["a.png"], folder.Names());
        return SKBitmap.Decode(folder.File("a.png"));
    }

    private static double Share(SKBitmap picture, SKColor color) => picture.Pixels.Count(p => p == color) / (double)picture.Pixels.Length;

    /// <summary>Dark pixels in the strip above the data: letters, which a machine without fonts would not have drawn.</summary>
    private static void AssertTitle(SKBitmap picture)
    {
        int dark = 0;
        for (int y = 0; y < 80; y++)
        {
            for (int x = 0; x < picture.Width; x++)
            {
                if (picture.GetPixel(x, y).Red < 100) dark++;
            }
        }
        Assert.InRange(dark, 200, 5000);
    }
}
