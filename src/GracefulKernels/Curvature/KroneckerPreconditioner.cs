using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The inverse of the damped block-diagonal approximation, fixed and positive definite: factored Tikhonov
/// <c>(G + √λ/π I)⁻¹ V (A + π√λ I)⁻¹</c> with <c>π = √((tr A/d_A)/(tr G/d_G))</c> (Martens, Grosse 2015, §6.3) for a layer with both factors;
/// <c>V (A + λI)⁻¹</c>, exact, for a last linear layer and for batch normalisation. Inverted once in fp64 by Cholesky, rounded once to fp32; an apply
/// is two products a layer.
/// </summary>
public sealed class KroneckerPreconditioner : Preconditioner
{
    private readonly List<InverseBlock> _blocks = [];
    private readonly DeviceFloats _packed;
    private readonly DeviceFloats _result;
    private readonly DeviceFloats _workspace;

    /// <summary>Damps and inverts.</summary>
    /// <param name="factors">Of the network that <paramref name="layout"/> belongs to.</param>
    /// <param name="damping">λ ≥ 0, on the scale of the mean over samples: usually the problem's ridge weight.</param>
    /// <param name="layout">The parameters that vectors are laid out for.</param>
    /// <param name="device">Where it is applied.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative or not finite.</exception>
    /// <exception cref="ArgumentException">The factors belong to another network.</exception>
    /// <exception cref="NotPositiveDefiniteException">A damped factor is not positive definite.</exception>
    public KroneckerPreconditioner(KroneckerFactors factors, double damping, ParameterLayout layout, ComputeDevice device) : base(layout, device)
    {
        ArgumentNullException.ThrowIfNull(factors);
        Damping = Check.NonNegative(damping, nameof(damping));
        ParameterBlock.Cover(factors.Blocks, layout, nameof(factors));
        long largest = factors.Blocks.Max(b => (long)b.Rows * b.Columns);
        _packed = new DeviceFloats(device.Kernels, largest);
        _result = new DeviceFloats(device.Kernels, largest);
        _workspace = new DeviceFloats(device.Kernels, largest);
        try
        {
            var inverses = new Queue<DeviceFloats>(
                DampedInverses.Compute(device.Kernels, [.. factors.Blocks.SelectMany(b => Factors(factors, b))], damping));
            foreach (KroneckerBlock b in factors.Blocks)
            {
                DeviceFloats right = inverses.Dequeue();
                DeviceFloats? left = b.HasOutputFactor ? inverses.Dequeue() : null;
                _blocks.Add(new InverseBlock(new ParameterMatrix(b, layout), left, right));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>λ.</summary>
    public double Damping { get; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (InverseBlock b in _blocks)
        {
            b.Left?.Dispose();
            b.Right.Dispose();
        }
        _packed.Dispose();
        _result.Dispose();
        _workspace.Dispose();
    }

    internal override void Apply(Block<float> v, Block<float> y)
    {
        IKernels kernels = Device.Kernels;
        foreach (InverseBlock b in _blocks)
        {
            ParameterMatrix m = b.Matrix;
            Block<float> packed = _packed.Block.Slice(0, m.Length), result = _result.Block.Slice(0, m.Length), workspace = _workspace.Block.Slice(0, m.Length);
            Block<float> from = m.Pack(kernels, v, packed, result), to = m.Target(y, result);
            kernels.KroneckerApply(m.Rows, m.Columns, b.Left?.Block ?? default, b.Right.Block, from, workspace, to);
            m.Unpack(kernels, to, y);
        }
    }

    /// <summary>The matrices of a block: A, then G where there is one.</summary>
    private IEnumerable<DampedSum> Factors(KroneckerFactors factors, KroneckerBlock b)
    {
        if (b.OutputSum is null)
        {
            return [Named("A", b.InputSum, factors.InputScale(b), Damping, b.Columns)];
        }
        double traceA = Trace(b.InputSum, b.Columns) / b.InputCount / b.Columns, traceG = Trace(b.OutputSum, b.Rows) / b.OutputCount / b.Rows;
        double pi = Math.Sqrt(traceA / traceG), root = Math.Sqrt(Damping);
        // A dead layer has no scale to balance.
        if (!double.IsFinite(pi) || pi == 0) pi = 1;
        return [Named("A", b.InputSum, 1 / b.InputCount, pi * root, b.Columns), Named("G", b.OutputSum, 1 / b.OutputCount, root / pi, b.Rows)];

        DampedSum Named(string factor, double[] sum, double scale, double shift, int order)
            => new(sum, scale, shift, order, $"Factor {factor} of layer '{b.Name}'");
    }

    private static double Trace(double[] a, int n)
    {
        double trace = 0;
        for (int i = 0; i < n; i++) trace += a[((long)i * n) + i];
        return trace;
    }

    private sealed record InverseBlock(ParameterMatrix Matrix, DeviceFloats? Left, DeviceFloats Right);
}
