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
            Copy(bitmap.GetPixelSpan().Slice((first + y) * bitmap.RowBytes, info.Width * bitmap.BytesPerPixel), channels, bytes.AsSpan(y * row, row));
        }
        return new Images(range.ToString(), count, height, width, channels, bytes, null);
    }

    /// <summary>Some images of a stretch that must have <paramref name="count"/>, through a window of lines that memory has room for.</summary>
    public static Images ReadRows(FileRange range, long count, ReadOnlySpan<long> rows)
    {
        const int WindowBytes = 1 << 26;
        using SKCodec codec = SKCodec.Create(range.Path) ?? throw new InvalidDataException($"{range.Path}: found a damaged picture; expected a PNG.");
        SKImageInfo info = codec.Info;
        (int height, int width) = Sides(range.Path, info.Width, new LayerShape(0, 0, 0, IsFlat: false));
        int first = range.FirstOf(info.Height, count);
        int channels = info.ColorType == SKColorType.Gray8 ? 1 : 3, row = checked(info.Width * channels);
        SKImageInfo line = (info with { Height = 1 }).WithColorType(channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888).WithAlphaType(SKAlphaType.Opaque);
        byte[] bytes = new byte[checked(row * rows.Length)];
        int most = Math.Max(1, WindowBytes / line.RowBytes);
        for (int i = 0; i < rows.Length;)
        {
            int top = (int)(first + rows[i]), bottom = (int)Math.Min(top + (long)most, first + rows[^1] + 1);
            using SKBitmap window = new(line with { Height = bottom - top });
            SKCodecResult result = codec.StartIncrementalDecode(
                line with { Height = info.Height }, window.GetPixels(), window.RowBytes, new SKCodecOptions(new SKRectI(0, top, info.Width, bottom)));
            if (result == SKCodecResult.Success) result = codec.IncrementalDecode(out _);
            if (result != SKCodecResult.Success) throw new InvalidDataException($"{range.Path}: found a damaged picture ({result}); expected a PNG.");
            for (; i < rows.Length && first + rows[i] < bottom; i++)
            {
                int at = (int)(first + rows[i]) - top;
                Copy(window.GetPixelSpan().Slice(at * window.RowBytes, info.Width * window.BytesPerPixel), channels, bytes.AsSpan(i * row, row));
            }
        }
        return new Images(range.ToString(), rows.Length, height, width, channels, bytes, null);
    }

    /// <summary>A line's pixels without what pads them.</summary>
    private static void Copy(ReadOnlySpan<byte> pixels, int channels, Span<byte> to)
    {
        if (channels == 1)
        {
            pixels.CopyTo(to);
            return;
        }
        for (int x = 0; x < to.Length / 3; x++) pixels.Slice(4 * x, 3).CopyTo(to[(3 * x)..]);
    }

    private static (int Height, int Width) Sides(string path, int pixels, LayerShape input)
    {
        if (input.Height * input.Width == pixels) return (input.Height, input.Width);
        int side = (int)Math.Round(Math.Sqrt(pixels));
        if (side * side == pixels) return (side, side);
        string sides = input.Elements == 0 ? "" : $"{input.Height} × {input.Width} = {input.Height * input.Width} (the network's input) or ";
        throw new InvalidDataException($"{path}: rows have {pixels} pixels; expected {sides}a square number.");
    }
}
