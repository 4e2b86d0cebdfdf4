namespace GracefulKernels.Experiments.Data;

/// <summary>Grey squares made into the networks' input.</summary>
internal static class GreyImages
{
    /// <summary>
    /// Brings squares of <paramref name="side"/> pixels to 32 × 32 by bilinear interpolation between pixel centres (the border repeated) and repeats them in
    /// three channels: RGB in 0 to 1, [n × 32 × 32 × 3].
    /// </summary>
    /// <param name="grey">[n × side × side], 0 to <paramref name="white"/>.</param>
    /// <param name="side">Pixels of an edge.</param>
    /// <param name="white">The largest value.</param>
    public static float[] Upscale(ReadOnlySpan<byte> grey, int side, float white)
    {
        const int Out = LabelledImages.Side;
        int n = grey.Length / (side * side);
        float[] rgb = new float[n * LabelledImages.Elements];
        (int First, int Second, float Weight)[] taps = new (int, int, float)[Out];
        for (int p = 0; p < Out; p++)
        {
            float at = Math.Clamp(((p + 0.5f) * side / Out) - 0.5f, 0, side - 1);
            taps[p] = ((int)at, Math.Min((int)at + 1, side - 1), at - (int)at);
        }
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<byte> image = grey.Slice(i * side * side, side * side);
            for (int p = 0; p < Out * Out; p++)
            {
                (int y0, int y1, float fy) = taps[p / Out];
                (int x0, int x1, float fx) = taps[p % Out];
                float top = image[(y0 * side) + x0] + (fx * (image[(y0 * side) + x1] - image[(y0 * side) + x0]));
                float bottom = image[(y1 * side) + x0] + (fx * (image[(y1 * side) + x1] - image[(y1 * side) + x0]));
                rgb.AsSpan((i * LabelledImages.Elements) + (p * 3), 3).Fill((top + (fy * (bottom - top))) / white);
            }
        }
        return rgb;
    }
}
