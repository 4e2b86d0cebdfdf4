namespace GracefulKernels;

/// <summary>
/// How the parameters of a network lie in one flat vector: layer by layer in the order they were built, weight before bias. Flat arrays at the public
/// edge are without gaps and in PyTorch's layouts; device vectors are channels-last (OHWI) with each tensor at a multiple of 16 elements.
/// </summary>
public sealed class ParameterLayout
{
    private const int Alignment = 16;

    private readonly Dictionary<string, ParameterInfo> _byName = [];
    private readonly List<ParameterInfo> _parameters = [];

    internal ParameterLayout(IEnumerable<LayerNode> nodes)
    {
        foreach (LayerNode node in nodes)
        {
            switch (node)
            {
                case ConvolutionNode c:
                    int taps = c.Convolution.KernelHeight * c.Convolution.KernelWidth, o = c.Convolution.OutChannels, i = c.Convolution.InChannels;
                    Append(c.Name, "weight", [o, i, c.Convolution.KernelHeight, c.Convolution.KernelWidth], o, i, taps);
                    if (c.Bias) Append(c.Name, "bias", [o], 1, o, 1);
                    break;
                case LinearNode l:
                    Append(l.Name, "weight", [l.Shape.Channels, l.InputShape.Elements], l.Shape.Channels, l.InputShape.Channels, l.InputShape.Pixels);
                    if (l.Bias) Append(l.Name, "bias", [l.Shape.Channels], 1, l.Shape.Channels, 1);
                    break;
                case BatchNormNode b:
                    Append(b.Name, "weight", [b.Shape.Channels], 1, b.Shape.Channels, 1);
                    Append(b.Name, "bias", [b.Shape.Channels], 1, b.Shape.Channels, 1);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>All parameters, in order.</summary>
    public IReadOnlyList<ParameterInfo> Parameters => _parameters;

    /// <summary>P, the number of trainable numbers.</summary>
    public long Count { get; private set; }

    /// <summary>Elements of a device vector, gaps included.</summary>
    internal long DeviceLength { get; private set; }

    /// <summary>The parameter of this name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message names those that are.</exception>
    public ParameterInfo this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return _byName.TryGetValue(name, out ParameterInfo? p)
                ? p
                : throw new KeyNotFoundException($"There is no parameter '{name}'. Parameters: {string.Join(", ", _parameters.Select(q => q.Name))}.");
        }
    }

    internal bool TryGet(string name, out ParameterInfo? parameter) => _byName.TryGetValue(name, out parameter);

    /// <summary>Whether vectors of the other layout mean the same.</summary>
    internal bool Matches(ParameterLayout other) => ReferenceEquals(this, other)
        || (_parameters.Count == other._parameters.Count
            && _parameters.Zip(other._parameters).All(p => p.First.Name == p.Second.Name && p.First.Shape.SequenceEqual(p.Second.Shape)));

    /// <summary>From a flat array in PyTorch's layouts to device order.</summary>
    internal float[] ToDeviceOrder(ReadOnlySpan<float> flat)
    {
        float[] device = new float[DeviceLength];
        int at = 0;
        foreach (ParameterInfo p in _parameters)
        {
            p.ToDeviceOrder(flat.Slice(at, p.Length), device.AsSpan((int)p.Offset, p.Length));
            at += p.Length;
        }
        return device;
    }

    /// <summary>From device order to a flat array in PyTorch's layouts.</summary>
    internal float[] ToFlat(ReadOnlySpan<float> device)
    {
        float[] flat = new float[Count];
        int at = 0;
        foreach (ParameterInfo p in _parameters)
        {
            p.ToPyTorchOrder(device.Slice((int)p.Offset, p.Length), flat.AsSpan(at, p.Length));
            at += p.Length;
        }
        return flat;
    }

    private void Append(string layer, string kind, int[] shape, int rows, int channels, int pixels)
    {
        var p = new ParameterInfo($"{layer}.{kind}", layer, shape, DeviceLength, rows, channels, pixels);
        _parameters.Add(p);
        _byName.Add(p.Name, p);
        Count += p.Length;
        DeviceLength = checked(DeviceLength + ((p.Length + Alignment - 1) / Alignment * Alignment));
        if (DeviceLength > Array.MaxLength) throw new ArgumentException($"The network has more than {Array.MaxLength} parameters.", "nodes");
    }
}
