using ScottPlot;
using SkiaSharp;

namespace GracefulKernels.Cli.Charts;

/// <summary>A row of values of one name, one value a category.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Values">The values; NaN leaves a gap.</param>
/// <param name="Color">A colour with a meaning, or null for the next of the palette.</param>
internal sealed record BarSeries(string Name, IReadOnlyList<double> Values, Color? Color = null);

/// <summary>Points of one name, joined by lines.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="X">Horizontal positions.</param>
/// <param name="Y">Values; points that cannot be drawn (NaN, or not positive on a logarithmic axis) are left out.</param>
internal sealed record LineSeries(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y);

/// <summary>What every picture shares: font, sizes, and the way to a PNG file.</summary>
internal static class Chart
{
    /// <summary>Pixels for each unit of size: sharp on dense screens and in print.</summary>
    private const float Scale = 2;

    /// <summary>White around each plot, so that no label touches the edge or its neighbour.</summary>
    private const float Margin = 10;

    /// <summary>ScottPlot keeps typefaces in a dictionary that two threads may not fill at once.</summary>
    private static readonly Lock Drawing = new();

    public const float TitleSize = 17, LabelSize = 14, TickSize = 12;

    public static Plot New(string title, string xLabel, string yLabel)
    {
        EmbeddedFonts.Use();
        Plot plot = new();
        plot.Font.Set(EmbeddedFonts.Family);
        plot.Title(title, TitleSize);
        plot.XLabel(xLabel, LabelSize);
        plot.YLabel(yLabel, LabelSize);
        plot.Axes.Title.Label.ForeColor = Palette.Ink;
        plot.Axes.Bottom.Label.Bold = plot.Axes.Left.Label.Bold = false;
        plot.Axes.Bottom.TickLabelStyle.FontSize = plot.Axes.Left.TickLabelStyle.FontSize = TickSize;
        plot.Axes.Top.FrameLineStyle.IsVisible = plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Grid.MajorLineColor = Palette.Faint;
        return plot;
    }

    /// <summary>A legend above the data, where it can cover none of it.</summary>
    public static void AddLegend(Plot plot)
    {
        Legend legend = plot.Legend;
        legend.FontSize = TickSize;
        legend.FontName = EmbeddedFonts.Family;
        legend.OutlineWidth = 0;
        legend.ShadowColor = Colors.Transparent;
        legend.Orientation = Orientation.Horizontal;
        legend.Margin = legend.Padding = new PixelPadding(0, 0, 0, 0);
        plot.ShowLegend(Edge.Top);
    }

    /// <summary>Draws plots side by side into one PNG, whole or not at all.</summary>
    /// <param name="path">Target.</param>
    /// <param name="height">Height in units of 1/96 inch.</param>
    /// <param name="plots">Plots from left to right, each with its width.</param>
    public static void SavePng(string path, int height, params ReadOnlySpan<(Plot Plot, int Width)> plots)
    {
        int width = 0;
        foreach ((_, int w) in plots) width += w;
        using SKSurface picture = Surface(width, height);
        picture.Canvas.Clear(SKColors.White);
        float left = 0;
        foreach ((Plot plot, int w) in plots)
        {
            // A plot clears the whole surface that it draws on, so each has its own.
            using SKSurface part = Surface(w, height);
            part.Canvas.Scale(Scale);
            lock (Drawing) plot.Render(part.Canvas, new PixelRect(Margin, w - Margin, height - Margin, Margin / 2));
            picture.Canvas.DrawSurface(part, left * Scale, 0);
            left += w;
        }
        using SKImage image = picture.Snapshot();
        using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
        AtomicFile.WriteAllBytes(path, png.ToArray());
    }

    private static SKSurface Surface(int width, int height)
        => SKSurface.Create(new SKImageInfo((int)(width * Scale), (int)(height * Scale)))
            ?? throw new OutOfMemoryException($"A picture of {width} × {height} does not fit into memory.");
}
