using SkiaSharp;

namespace GracefulKernels.Cli.Samples;

/// <summary>A PNG with one image a row: all its pixels one behind the other, row-major. Colour gives 3 channels, grey 1.</summary>
internal static class PngStrip
{
    public static Images Read(FileRange range, LayerShape input)
    {
        using SKCodec codec = SKCodec.Create(range.Path) ?? throw new InvalidDataException($"{range.Path}: found a damaged picture; expected a PNG.");
        SKImageInfo info = codec.Info;
        (int height, int width) = Sides(range.Path, info.Width, input);
        (int first, int count) = range.Of(info.Height);
        int channels = info.ColorType == SKColorType.Gray8 ? 1 : 3, row = checked(info.Width * channels);
        if ((long)row * count > Array.MaxLength) throw new InvalidDataException($"{range}: {(long)row * count} bytes are more than one array holds ({Array.MaxLength}).");
        using SKBitmap bitmap = new(info.WithColorType(channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888).WithAlphaType(SKAlphaType.Opaque));
        SKCodecResult result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result != SKCodecResult.Success) throw new InvalidDataException($"{range.Path}: found a damaged picture ({result}); expected a PNG.");
        byte[] bytes = new byte[row * count];
        for (int y = 0; y < count; y++)
        {
            ReadOnlySpan<byte> pixels = bitmap.GetPixelSpan().Slice((first + y) * bitmap.RowBytes, info.Width * bitmap.BytesPerPixel);
            Span<byte> to = bytes.AsSpan(y * row, row);
            if (channels == 1)
            {
                pixels.CopyTo(to);
                continue;
            }
            for (int x = 0; x < info.Width; x++) pixels.Slice(4 * x, 3).CopyTo(to[(3 * x)..]);
        }
        return new Images(range.ToString(), count, height, width, channels, bytes, null);
    }

    private static (int Height, int Width) Sides(string path, int pixels, LayerShape input)
    {
        if (input.Height * input.Width == pixels) return (input.Height, input.Width);
        int side = (int)Math.Round(Math.Sqrt(pixels));
        return side * side == pixels
            ? (side, side)
            : throw new InvalidDataException($"{path}: rows have {pixels} pixels; expected {input.Height} × {input.Width} = {input.Height * input.Width} (the network's input) or a square number.");
    }
}
