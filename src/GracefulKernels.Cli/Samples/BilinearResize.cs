namespace GracefulKernels.Cli.Samples;

/// <summary>Bilinear interpolation with pixel centres at half-integers, as PyTorch's <c>interpolate(align_corners=False)</c> has it.</summary>
internal static class BilinearResize
{
    /// <param name="values">[n × height × width × channels] of <paramref name="images"/>.</param>
    /// <param name="images">Their shape; one channel is repeated over all of the network's.</param>
    /// <param name="input">The shape wanted.</param>
    public static float[] Apply(float[] values, Images images, LayerShape input)
    {
        (int From, int To, float Weight)[] rows = Positions(images.Height, input.Height), columns = Positions(images.Width, input.Width);
        float[] result = new float[(long)images.Count * input.Elements];
        int at = 0;
        for (int i = 0; i < images.Count; i++)
        {
            int image = i * images.Elements;
            foreach ((int top, int bottom, float down) in rows)
            {
                foreach ((int left, int right, float across) in columns)
                {
                    for (int c = 0; c < input.Channels; c++)
                    {
                        int channel = images.Channels == 1 ? 0 : c;
                        float upper = Mix(Pixel(top, left), Pixel(top, right), across), lower = Mix(Pixel(bottom, left), Pixel(bottom, right), across);
                        result[at++] = Mix(upper, lower, down);

                        float Pixel(int y, int x) => values[image + (((y * images.Width) + x) * images.Channels) + channel];
                    }
                }
            }
        }
        return result;
    }

    private static float Mix(float a, float b, float t) => a + (t * (b - a));

    private static (int From, int To, float Weight)[] Positions(int source, int target)
    {
        var positions = new (int, int, float)[target];
        for (int i = 0; i < target; i++)
        {
            double at = Math.Clamp(((i + 0.5) * source / target) - 0.5, 0, source - 1);
            int from = (int)at;
            positions[i] = (from, Math.Min(from + 1, source - 1), (float)(at - from));
        }
        return positions;
    }
}
