namespace GracefulKernels;

/// <summary>One parameter tensor: its name, its shape in PyTorch's layout, and where it lies in a flat vector.</summary>
public sealed class ParameterInfo
{
    internal ParameterInfo(string name, string layer, int[] shape, long offset, int rows, int channels, int pixels)
    {
        Name = name;
        Layer = layer;
        Shape = shape;
        Offset = offset;
        Rows = rows;
        Channels = channels;
        Pixels = pixels;
    }

    /// <summary><c>'layer.weight'</c> or <c>'layer.bias'</c>.</summary>
    public string Name { get; }

    /// <summary>The layer it belongs to.</summary>
    public string Layer { get; }

    /// <summary>PyTorch's shape: [out, in, kh, kw], [out, in] or [out].</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Length => Rows * Channels * Pixels;

    /// <summary>First element in device vectors, a multiple of 16: gaps in between are zero.</summary>
    internal long Offset { get; }

    internal int Rows { get; }

    internal int Channels { get; }

    internal int Pixels { get; }

    internal void ToDeviceOrder(ReadOnlySpan<float> pyTorch, Span<float> device) => ChannelOrder.ToChannelsLast(Rows, Channels, Pixels, pyTorch, device);

    internal void ToPyTorchOrder(ReadOnlySpan<float> device, Span<float> pyTorch) => ChannelOrder.ToChannelsFirst(Rows, Channels, Pixels, device, pyTorch);
}
