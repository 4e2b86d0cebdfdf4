using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A fixed, symmetric and positive definite approximation of <c>P⁻¹ ≈ H⁻¹</c> that a solver multiplies gradients by. It knows the parameters it is laid out
/// for and where it runs; nothing in it depends on targets.
/// </summary>
public abstract class Preconditioner : IDisposable
{
    private protected Preconditioner(ParameterLayout layout, ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        Layout = layout;
        Device = device;
    }

    /// <summary>The parameters it applies to.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Where it is applied.</summary>
    public ComputeDevice Device { get; }

    /// <summary><c>P⁻¹·v</c>.</summary>
    /// <exception cref="ArgumentException"><paramref name="v"/> is laid out for another network.</exception>
    public ParameterVector Apply(ParameterVector v)
    {
        ArgumentNullException.ThrowIfNull(v);
        v.Expect(Layout, Device, nameof(v));
        var y = new ParameterVector(Layout, Device);
        Apply(v.Block, y.Block);
        GC.KeepAlive(v);
        GC.KeepAlive(this);
        return y;
    }

    /// <summary>Frees all memory.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    internal void Expect(Network network, string name)
    {
        if (!Layout.Matches(network.Parameters)) throw new ArgumentException($"{name} belongs to another network.", name);
        if (!ReferenceEquals(Device, network.Device)) throw new ArgumentException($"{name} lies on {Device}; expected {network.Device}.", name);
    }

    /// <summary><c>y = P⁻¹·v</c> of device vectors; y is not v.</summary>
    internal abstract void Apply(Block<float> v, Block<float> y);

    /// <summary>Frees all memory; <paramref name="disposing"/> is always true.</summary>
    protected abstract void Dispose(bool disposing);
}
