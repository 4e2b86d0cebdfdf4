using SkiaSharp;

namespace GracefulKernels.Cli.Charts;

/// <summary>A picture among others, with a line under it.</summary>
/// <param name="Pixels">[height × width × channels], 0 to 1; 1 channel is grey, 3 are colours.</param>
/// <param name="Height">Pixel rows.</param>
/// <param name="Width">Pixel columns.</param>
/// <param name="Channels">1 or 3.</param>
/// <param name="Caption">Under the picture.</param>
/// <param name="Frame">A colour with a meaning, or null for none.</param>
internal sealed record ImageTile(float[] Pixels, int Height, int Width, int Channels, string Caption, ScottPlot.Color? Frame = null)
{
    /// <summary>The picture at its own size.</summary>
    public SKBitmap ToBitmap()
    {
        SKBitmap bitmap = new(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int i = 0; i < Height * Width; i++)
        {
            int at = i * Channels;
            byte r = Byte(Pixels[at]), g = Channels == 1 ? r : Byte(Pixels[at + 1]), b = Channels == 1 ? r : Byte(Pixels[at + 2]);
            bitmap.SetPixel(i % Width, i / Width, new SKColor(r, g, b));
        }
        return bitmap;
    }

    /// <summary>The picture as a PNG file, not larger than <paramref name="side"/> in either direction.</summary>
    public byte[] ToPng(int side)
    {
        using SKBitmap bitmap = ToBitmap();
        double scale = Math.Min(1, (double)side / Math.Max(Width, Height));
        using SKBitmap small = scale == 1
            ? bitmap.Copy()
            : bitmap.Resize(
                new SKSizeI(Math.Max(1, (int)Math.Round(Width * scale)), Math.Max(1, (int)Math.Round(Height * scale))), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using SKData png = small.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private static byte Byte(float value) => (byte)Math.Clamp((int)MathF.Round(value * 255), 0, 255);
}
