using SkiaSharp;

namespace GracefulKernels.Cli.Charts;

/// <summary>Rows of small images, each row under a line of text.</summary>
internal static class ImageGrid
{
    private const int Scale = 2, Margin = 16, Tile = 84, Gap = 22, Heading = 30, Caption = 22;

    public static void SavePng(string path, string title, IReadOnlyList<(string Heading, IReadOnlyList<ImageTile> Tiles)> rows)
    {
        int columns = Math.Max(1, rows.Max(r => r.Tiles.Count)), width = (2 * Margin) + (columns * (Tile + Gap)), row = Heading + Tile + Caption + Gap;
        int height = (2 * Margin) + Heading + (rows.Count * row);
        using SKSurface surface = SKSurface.Create(new SKImageInfo(Math.Max(width, 560) * Scale, height * Scale))
            ?? throw new OutOfMemoryException($"A picture of {width} × {height} does not fit into memory.");
        SKCanvas canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        canvas.Scale(Scale);
        using SKFont large = new(EmbeddedFonts.Typeface(bold: true), 15), medium = new(EmbeddedFonts.Typeface(bold: false), 13), small = new(EmbeddedFonts.Typeface(bold: false), 11);
        using SKPaint ink = new() { Color = Sk(Palette.Ink), IsAntialias = true };
        canvas.DrawText(title, Margin, Margin + 15, large, ink);
        int y = Margin + Heading;
        foreach ((string heading, IReadOnlyList<ImageTile> tiles) in rows)
        {
            canvas.DrawText(heading, Margin, y + 18, medium, ink);
            for (int i = 0; i < tiles.Count; i++) Draw(canvas, tiles[i], Margin + (i * (Tile + Gap)), y + Heading, small, ink);
            y += row;
        }
        using SKImage image = surface.Snapshot();
        using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
        AtomicFile.WriteAllBytes(path, png.ToArray());
    }

    private static void Draw(SKCanvas canvas, ImageTile tile, int x, int y, SKFont font, SKPaint ink)
    {
        using SKBitmap bitmap = tile.ToBitmap();
        // The longer side fills the tile.
        float scale = (float)Tile / Math.Max(tile.Height, tile.Width), w = tile.Width * scale, h = tile.Height * scale;
        var place = SKRect.Create(x + ((Tile - w) / 2), y + ((Tile - h) / 2), w, h);
        using SKImage image = SKImage.FromBitmap(bitmap);
        canvas.DrawImage(image, place, new SKSamplingOptions(SKFilterMode.Nearest));
        if (tile.Frame is { } color)
        {
            using SKPaint frame = new() { Color = Sk(color), IsStroke = true, StrokeWidth = 3 };
            canvas.DrawRect(place, frame);
        }
        canvas.DrawText(tile.Caption, x + ((Tile - font.MeasureText(tile.Caption)) / 2), y + Tile + 15, font, ink);
    }

    private static SKColor Sk(ScottPlot.Color color) => new(color.R, color.G, color.B);
}
