namespace GracefulKernels;

/// <summary>
/// PyTorch's channels-first order against the kernels' channels-last order: a transpose of [channels × pixels] in each of a number of rows. It is
/// the same for images (row = sample), convolution weights (row = output channel, pixel = tap) and columns of a linear layer behind a flattened image.
/// </summary>
internal static class ChannelOrder
{
    public static void ToChannelsLast<T>(int rows, int channels, int pixels, ReadOnlySpan<T> source, Span<T> destination)
        => Transpose(rows, channels, pixels, source, destination);

    public static void ToChannelsFirst<T>(int rows, int channels, int pixels, ReadOnlySpan<T> source, Span<T> destination)
        => Transpose(rows, pixels, channels, source, destination);

    private static void Transpose<T>(int rows, int height, int width, ReadOnlySpan<T> source, Span<T> destination)
    {
        int size = height * width;
        if (height == 1 || width == 1)
        {
            source[..(rows * size)].CopyTo(destination);
            return;
        }
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<T> from = source.Slice(r * size, size);
            Span<T> to = destination.Slice(r * size, size);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++) to[(x * height) + y] = from[(y * width) + x];
            }
        }
    }
}
