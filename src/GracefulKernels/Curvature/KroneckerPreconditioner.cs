using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The inverse of the damped block-diagonal approximation, fixed and positive definite: factored Tikhonov
/// <c>(G + √λ/π I)⁻¹ V (A + π√λ I)⁻¹</c> with <c>π = √((tr A/d_A)/(tr G/d_G))</c> (Martens, Grosse 2015, §6.3) for a layer with both factors;
/// <c>V (A + λI)⁻¹</c>, exact, for a last linear layer and for batch normalisation. Inverted once in fp64 by Cholesky, rounded once to fp32; an apply
/// is two products a layer.
/// </summary>
/// <remarks>
/// A flat vector keeps weight and bias apart, as the convolutions want them. A layer with a bias is therefore copied to [W | b] and back around its two
/// products: passes over memory the size of the layer, small beside the products.
/// </remarks>
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
        CheckFactors(factors, layout);
        long largest = factors.Blocks.Max(b => (long)b.Rows * b.Columns);
        _packed = new DeviceFloats(device.Kernels, largest);
        _result = new DeviceFloats(device.Kernels, largest);
        _workspace = new DeviceFloats(device.Kernels, largest);
        try
        {
            var inverses = new Queue<DeviceFloats>(
                DampedInverses.Compute(device.Kernels, [.. factors.Blocks.SelectMany(b => Factors(b, factors.MeanWeight))], damping));
            foreach (KroneckerBlock b in factors.Blocks)
            {
                DeviceFloats right = inverses.Dequeue();
                DeviceFloats? left = b.HasOutputFactor ? inverses.Dequeue() : null;
                _blocks.Add(new InverseBlock(b.Rows, b.Columns, left, right, layout[b.Weight], b.Bias is null ? null : layout[b.Bias]));
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
            int length = b.Rows * b.Columns;
            Block<float> left = b.Left?.Block ?? default, workspace = _workspace.Block.Slice(0, length);
            Block<float> from = v.Slice(b.Weight.Offset, b.Weight.Length), to = y.Slice(b.Weight.Offset, b.Weight.Length);
            if (b.Bias is null)
            {
                kernels.KroneckerApply(b.Rows, b.Columns, left, b.Right.Block, from, workspace, to);
                continue;
            }
            // The option-A shortcut of a [rows] × [columns] image is a copy between row strides, with zeros where the other part belongs.
            var weight = new ShortcutShape(1, 1, b.Rows, b.Columns - 1, 1, 0, 1);
            var bias = new ShortcutShape(1, 1, b.Rows, 1, 1, b.Columns - 1, 0);
            Block<float> packed = _packed.Block.Slice(0, length), result = _result.Block.Slice(0, length);
            kernels.Shortcut(weight, from, packed);
            kernels.Shortcut(bias, v.Slice(b.Bias.Offset, b.Bias.Length), result);
            kernels.Add(packed, result, packed);
            kernels.KroneckerApply(b.Rows, b.Columns, left, b.Right.Block, packed, workspace, result);
            kernels.ShortcutAdjoint(weight, result, 0f, to);
            kernels.ShortcutAdjoint(bias, result, 0f, y.Slice(b.Bias.Offset, b.Bias.Length));
        }
    }

    /// <summary>The matrices of a block: A, then G where there is one.</summary>
    private IEnumerable<DampedSum> Factors(KroneckerBlock b, double meanWeight)
    {
        if (b.OutputSum is null)
        {
            // γ and β were made of weighted seeds; the inputs of the last layer were not weighted.
            double scale = b.Name == b.Weight ? 1 : meanWeight;
            return [Named("A", b.InputSum, scale / b.InputCount, Damping, b.Columns)];
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

    private static void CheckFactors(KroneckerFactors factors, ParameterLayout layout)
    {
        var covered = new HashSet<string>();
        foreach (KroneckerBlock b in factors.Blocks)
        {
            int columns = b.Columns - (b.Bias is null ? 0 : 1);
            if (!layout.TryGet(b.Weight, out ParameterInfo? weight) || weight!.Length != (long)b.Rows * columns)
            {
                string there = weight is null ? "is no parameter of the network" : $"is {TensorFile.Print(weight.Shape)}";
                throw new ArgumentException($"factors have '{b.Weight}' as [{b.Rows} × {columns}]; it {there}.", nameof(factors));
            }
            if (b.Bias is not null && (!layout.TryGet(b.Bias, out ParameterInfo? bias) || bias!.Length != b.Rows))
            {
                throw new ArgumentException($"factors have '{b.Bias}' as [{b.Rows}]; the network has not.", nameof(factors));
            }
            covered.Add(b.Weight);
            if (b.Bias is not null) covered.Add(b.Bias);
        }
        ParameterInfo? missing = layout.Parameters.FirstOrDefault(p => !covered.Contains(p.Name));
        if (missing is not null) throw new ArgumentException($"factors have no block for '{missing.Name}'.", nameof(factors));
    }

    private sealed record InverseBlock(int Rows, int Columns, DeviceFloats? Left, DeviceFloats Right, ParameterInfo Weight, ParameterInfo? Bias);
}
