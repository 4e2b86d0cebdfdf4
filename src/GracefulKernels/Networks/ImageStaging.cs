namespace GracefulKernels;

/// <summary>A batch of images in channels-last order: the caller's memory where it is so already, else a copy in a buffer that is used again.</summary>
internal sealed class ImageStaging(LayerShape shape, ImageLayout layout, int capacity)
{
    private readonly bool _reorders = layout == ImageLayout.Nchw && shape.Pixels > 1 && shape.Channels > 1;
    private float[]? _buffer;

    public ReadOnlySpan<float> ChannelsLast(ReadOnlySpan<float> images, int samples)
    {
        if (!_reorders) return images;
        _buffer ??= new float[(long)capacity * shape.Elements];
        ChannelOrder.ToChannelsLast(samples, shape.Channels, shape.Pixels, images, _buffer);
        return _buffer.AsSpan(0, samples * shape.Elements);
    }
}
