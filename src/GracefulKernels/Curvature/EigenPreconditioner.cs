using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The exact inverse of the damped block-diagonal approximation, <c>U_G [(U_Gᵀ V U_A) ⊘ (S + λ)] U_Aᵀ</c> with <c>S = s_G s_Aᵀ</c>, so that it is <c>(G ⊗ A + λI)⁻¹</c>; or with
/// the exact second moments S of EKFAC (George et al. 2018, §3.2). <c>V (A + λI)⁻¹</c>, exact, for a last linear layer and for batch normalisation. An apply is four
/// products a layer, two for an exact block; another λ is one small pass.
/// </summary>
public sealed class EigenPreconditioner : Preconditioner
{
    private readonly SharedBasis _basis;
    private readonly DeviceFloats _reciprocals;
    private readonly DeviceFloats _packed;
    private readonly DeviceFloats _first;
    private readonly DeviceFloats _second;
    private bool _disposed;

    /// <summary>Takes the eigenvectors to the device, rounded once to fp32.</summary>
    /// <param name="basis">Of the network that <paramref name="layout"/> belongs to.</param>
    /// <param name="damping">λ ≥ 0, on the scale of the mean over samples: usually the problem's ridge weight.</param>
    /// <param name="layout">The parameters that vectors are laid out for.</param>
    /// <param name="device">Where it is applied.</param>
    /// <param name="moments">EKFAC: measured in <paramref name="basis"/>; none for <c>s_G s_Aᵀ</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative or not finite.</exception>
    /// <exception cref="ArgumentException">The basis belongs to another network, or the moments to another basis.</exception>
    /// <exception cref="NotPositiveDefiniteException">λ = 0 and a curvature is zero; the message proposes a λ.</exception>
    public EigenPreconditioner(KroneckerEigenbasis basis, double damping, ParameterLayout layout, ComputeDevice device, SecondMoments? moments = null)
        : this(Share(basis, damping, layout, device, moments), damping, layout, device) { }

    private EigenPreconditioner(SharedBasis basis, double damping, ParameterLayout layout, ComputeDevice device) : base(layout, device)
    {
        Damping = damping;
        _basis = basis;
        _reciprocals = new DeviceFloats(device.Kernels, basis.Length);
        _packed = new DeviceFloats(device.Kernels, basis.Largest);
        _first = new DeviceFloats(device.Kernels, basis.Largest);
        _second = new DeviceFloats(device.Kernels, basis.Largest);
        try
        {
            float[] reciprocals = new float[basis.Length];
            foreach (SharedBasis.Entry e in basis.Entries)
            {
                ReciprocalTable.Fill(e.Curvature, damping, $"Block '{e.Name}'", reciprocals.AsSpan(e.Start, e.Curvature.Length));
            }
            device.Kernels.Upload<float>(reciprocals, _reciprocals.Block);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>λ.</summary>
    public double Damping { get; }

    /// <summary>The same with another λ. Both share the eigenvectors and are disposed each on its own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative or not finite.</exception>
    /// <exception cref="NotPositiveDefiniteException">λ = 0 and a curvature is zero; the message proposes a λ.</exception>
    /// <exception cref="ObjectDisposedException">This one was disposed.</exception>
    public EigenPreconditioner WithDamping(double damping)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _ = Check.NonNegative(damping, nameof(damping));
        return new EigenPreconditioner(_basis.Retain(), damping, Layout, Device);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        _basis.Release();
        _reciprocals.Dispose();
        _packed.Dispose();
        _first.Dispose();
        _second.Dispose();
    }

    internal override void Apply(Block<float> v, Block<float> y)
    {
        IKernels kernels = Device.Kernels;
        foreach (SharedBasis.Entry e in _basis.Entries)
        {
            ParameterMatrix m = e.Matrix;
            int rows = m.Rows, columns = m.Columns;
            Block<float> packed = _packed.Block.Slice(0, m.Length), first = _first.Block.Slice(0, m.Length), second = _second.Block.Slice(0, m.Length);
            Block<float> inner = m.Pack(kernels, v, packed, first);
            Block<float> left = e.Basis.Output, right = e.Basis.Input;
            if (!left.IsEmpty)
            {
                kernels.Gemm(new GemmShape(rows, columns, rows), 1f, left, inner, 0f, first, default);
                inner = first;
            }
            kernels.Gemm(new GemmShape(rows, columns, columns, transposeB: true), 1f, inner, right, 0f, second, default);
            kernels.Multiply(second, _reciprocals.Block.Slice(e.Start, m.Length), second);
            Block<float> target = m.Target(y, packed);
            if (left.IsEmpty)
            {
                kernels.Gemm(new GemmShape(rows, columns, columns), 1f, second, right, 0f, target, default);
            }
            else
            {
                kernels.Gemm(new GemmShape(rows, columns, columns), 1f, second, right, 0f, first, default);
                kernels.Gemm(new GemmShape(rows, columns, rows, transposeA: true), 1f, left, first, 0f, target, default);
            }
            m.Unpack(kernels, target, y);
        }
    }

    private static SharedBasis Share(KroneckerEigenbasis basis, double damping, ParameterLayout layout, ComputeDevice device, SecondMoments? moments)
    {
        ArgumentNullException.ThrowIfNull(basis);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        _ = Check.NonNegative(damping, nameof(damping));
        ParameterBlock.Cover(basis.Blocks, layout, nameof(basis));
        if (moments is not null && moments.Basis != basis.Identity) throw new ArgumentException("moments were measured in another eigenbasis.", nameof(moments));
        return new SharedBasis(basis, moments, layout, device.Kernels);
    }
}
