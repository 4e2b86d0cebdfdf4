using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A flat vector over all parameters of a network in device memory: an update d, a gradient, a search direction. Its memory is freed by
/// <see cref="Dispose"/>, or by the garbage collector.
/// </summary>
/// <remarks>A kernel holds addresses only: methods that end in one keep their owners alive until it has returned.</remarks>
public sealed class ParameterVector : IDisposable
{
    private readonly DeviceMemory _memory;

    /// <summary>A vector of zeros.</summary>
    public ParameterVector(ParameterLayout layout, ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        Layout = layout;
        Device = device;
        _memory = device.Kernels.Allocate(layout.DeviceLength * sizeof(float));
        Block = _memory.AsBlock<float>();
        device.Kernels.Zero(Block);
    }

    /// <summary>What lies where.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Whose memory this is.</summary>
    public ComputeDevice Device { get; }

    internal Block<float> Block { get; }

    /// <summary>From a flat array: tensor after tensor in the order of <paramref name="layout"/>, each row-major in PyTorch's layout.</summary>
    /// <exception cref="ArgumentException">The length is not <see cref="ParameterLayout.Count"/>, or an element is not finite.</exception>
    public static ParameterVector FromArray(ParameterLayout layout, ComputeDevice device, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Check.Length(values.Length, layout.Count, nameof(values), "all parameters");
        Check.Finite(values, nameof(values));
        var vector = new ParameterVector(layout, device);
        device.Kernels.Upload<float>(layout.ToDeviceOrder(values), vector.Block);
        return vector;
    }

    /// <summary>All tensors one behind the other, each row-major in PyTorch's layout: [P].</summary>
    public float[] ToArray()
    {
        float[] host = new float[Block.Length];
        Device.Kernels.Download(Block, host.AsSpan());
        return Layout.ToFlat(host);
    }

    /// <summary>One tensor, row-major in PyTorch's layout.</summary>
    /// <exception cref="KeyNotFoundException">There is no such parameter.</exception>
    public float[] ToArray(string name)
    {
        ParameterInfo p = Layout[name];
        float[] host = new float[p.Length], tensor = new float[p.Length];
        Device.Kernels.Download(Block.Slice(p.Offset, p.Length), host.AsSpan());
        GC.KeepAlive(this);
        p.ToPyTorchOrder(host, tensor);
        return tensor;
    }

    /// <summary><c>⟨this, other⟩</c>, accumulated in fp64.</summary>
    /// <exception cref="ArgumentException">The vectors are laid out differently.</exception>
    public double Dot(ParameterVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other.Expect(Layout, Device, nameof(other));
        double dot = Device.Kernels.Dot(Block, other.Block);
        GC.KeepAlive(other);
        GC.KeepAlive(this);
        return dot;
    }

    /// <summary>The Euclidean norm, accumulated in fp64.</summary>
    public double Norm() => Math.Sqrt(Dot(this));

    /// <summary>A copy in memory of its own.</summary>
    public ParameterVector Clone()
    {
        var copy = new ParameterVector(Layout, Device);
        Device.Kernels.Copy(Block, copy.Block);
        GC.KeepAlive(this);
        return copy;
    }

    /// <summary>The tensors that another layout names, in its order.</summary>
    /// <exception cref="KeyNotFoundException">One of them is not here.</exception>
    internal ParameterVector Part(ParameterLayout layout)
    {
        var part = new ParameterVector(layout, Device);
        foreach (ParameterInfo p in layout.Parameters) Device.Kernels.Copy(Block.Slice(Layout[p.Name].Offset, p.Length), part.Block.Slice(p.Offset, p.Length));
        GC.KeepAlive(this);
        return part;
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _memory.Dispose();

    internal void Expect(ParameterLayout layout, ComputeDevice device, string name)
    {
        if (!Layout.Matches(layout)) throw new ArgumentException($"{name} has {Layout.Count} parameters laid out for another network; expected {layout.Count}.", name);
        if (!ReferenceEquals(Device, device)) throw new ArgumentException($"{name} lies on {Device}; expected {device}.", name);
    }
}
