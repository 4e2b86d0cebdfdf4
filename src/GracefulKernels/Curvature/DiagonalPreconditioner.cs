using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary><c>v ⊘ (diag + λ)</c>, the exact diagonal of the Gauss–Newton matrix (Jacobi's preconditioner): one pass over the parameters.</summary>
public sealed class DiagonalPreconditioner : Preconditioner
{
    private readonly DiagonalCurvature _curvature;
    private readonly DeviceFloats _reciprocals;

    /// <summary>Adds λ and takes reciprocals, in fp64 and rounded once.</summary>
    /// <param name="curvature">Of the network that <paramref name="layout"/> belongs to.</param>
    /// <param name="damping">λ ≥ 0, on the scale of the mean over samples: usually the problem's ridge weight.</param>
    /// <param name="layout">The parameters that vectors are laid out for.</param>
    /// <param name="device">Where it is applied.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative or not finite.</exception>
    /// <exception cref="ArgumentException">The diagonal belongs to another network.</exception>
    /// <exception cref="NotPositiveDefiniteException">λ = 0 and an element is zero; the message proposes a λ.</exception>
    public DiagonalPreconditioner(DiagonalCurvature curvature, double damping, ParameterLayout layout, ComputeDevice device) : base(layout, device)
    {
        ArgumentNullException.ThrowIfNull(curvature);
        Damping = Check.NonNegative(damping, nameof(damping));
        curvature.Expect(layout.Parameters, nameof(curvature));
        _curvature = curvature;
        // The gaps between tensors are zero and stay so.
        float[] reciprocals = new float[layout.DeviceLength];
        foreach ((ParameterInfo p, double[] sum) in layout.Parameters.Zip(curvature.Sums))
        {
            ReciprocalTable.Fill([.. sum.Select(v => v / curvature.Count)], damping, $"The diagonal of '{p.Name}'", reciprocals.AsSpan((int)p.Offset, p.Length));
        }
        _reciprocals = new DeviceFloats(device.Kernels, reciprocals);
    }

    /// <summary>λ.</summary>
    public double Damping { get; }

    /// <summary>The same with another λ.</summary>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative or not finite.</exception>
    /// <exception cref="NotPositiveDefiniteException">λ = 0 and an element is zero; the message proposes a λ.</exception>
    public DiagonalPreconditioner WithDamping(double damping) => new(_curvature, damping, Layout, Device);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _reciprocals.Dispose();

    internal override void Apply(Block<float> v, Block<float> y) => Device.Kernels.Multiply(v, _reciprocals.Block, y);
}
