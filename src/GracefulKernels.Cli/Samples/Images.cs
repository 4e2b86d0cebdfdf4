namespace GracefulKernels.Cli.Samples;

/// <summary>Images as a file has them, channels last, before they are brought to the range that a network wants.</summary>
/// <param name="Source">The file, for messages.</param>
/// <param name="Count">n.</param>
/// <param name="Height">Pixel rows; 1 for vectors.</param>
/// <param name="Width">Pixel columns; 1 for vectors.</param>
/// <param name="Channels">Channels, or features.</param>
/// <param name="Bytes">[n × height × width × channels], 0 to 255; null where the file holds numbers.</param>
/// <param name="Floats">The same as numbers; null where the file holds bytes.</param>
internal sealed record Images(string Source, int Count, int Height, int Width, int Channels, byte[]? Bytes, float[]? Floats)
{
    /// <summary>Elements of one image.</summary>
    public int Elements => Height * Width * Channels;

    /// <summary><c>[n × height × width × channels]</c>.</summary>
    public string Shape => Height * Width == 1 ? $"[{Count} × {Channels}]" : $"[{Count} × {Height} × {Width} × {Channels}]";

    /// <summary>As floats: bytes over 255, numbers as they are.</summary>
    public float[] ToFloats()
    {
        if (Floats is not null) return Floats;
        float[] values = new float[Bytes!.Length];
        for (int i = 0; i < values.Length; i++) values[i] = Bytes[i] / 255f;
        return values;
    }

    /// <summary>One image as a tile of a picture; numbers are brought from their own range to 0 … 1.</summary>
    public Charts.ImageTile Tile(int image, string caption, ScottPlot.Color? frame = null)
    {
        int channels = Channels == 3 ? 3 : 1, pixels = Height * Width;
        float[] values = new float[pixels * channels];
        for (int p = 0; p < pixels; p++)
        {
            for (int c = 0; c < channels; c++)
            {
                int at = (image * Elements) + (p * Channels) + c;
                values[(p * channels) + c] = Bytes is not null ? Bytes[at] / 255f : Floats![at];
            }
        }
        if (Bytes is null)
        {
            (float low, float high) = (values.Min(), values.Max());
            for (int i = 0; i < values.Length; i++) values[i] = high > low ? (values[i] - low) / (high - low) : 0;
        }
        return new Charts.ImageTile(values, Height, Width, channels, caption, frame);
    }
}
