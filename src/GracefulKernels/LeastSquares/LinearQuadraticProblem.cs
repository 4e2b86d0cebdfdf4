using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Linear quadratic fine-tuning as one convex problem: <c>L(d) = 1/(2n) Σ_i Σ_c s_ic (f0_i + J_i d − t_i)_c² + (λ/2)‖d‖²</c> (LQF eq. 3 in mean form:
/// λ here is λ_paper/(2n)). Gradient <c>(1/n) Jᵀ(s∘(f0 + Jd − t)) + λd</c>, Hessian <c>(1/n) Jᵀ diag(s) J + λI</c>, constant in d.
/// </summary>
public sealed class LinearQuadraticProblem : IDisposable
{
    private readonly DeviceFloats _targets;
    private readonly DeviceFloats? _weights;
    private readonly DeviceFloats _outputs;
    private readonly DeviceFloats _seeds;

    /// <summary>States the problem; nothing is solved yet.</summary>
    /// <param name="network">Linearised over the n samples; not disposed with the problem.</param>
    /// <param name="targets">t and s, [n × C].</param>
    /// <param name="lambda">λ ≥ 0.</param>
    /// <exception cref="ArgumentException">The targets have another shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative or not finite.</exception>
    public LinearQuadraticProblem(LinearizedNetwork network, Targets targets, double lambda)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(targets);
        if (targets.Samples != network.Samples || targets.Classes != network.Outputs)
        {
            throw new ArgumentException(
                $"targets is [{targets.Samples} × {targets.Classes}]; expected [{network.Samples} × {network.Outputs}] (samples × outputs of the network).", nameof(targets));
        }
        Lambda = Check.NonNegative(lambda, nameof(lambda));
        Network = network;
        Targets = targets;
        IKernels kernels = network.Kernels;
        _targets = new DeviceFloats(kernels, targets.Values.Span);
        _weights = targets.Weights.IsEmpty ? null : new DeviceFloats(kernels, targets.Weights.Span);
        _outputs = new DeviceFloats(kernels, targets.Values.Length);
        _seeds = new DeviceFloats(kernels, targets.Values.Length);
    }

    /// <summary>The linearised network.</summary>
    public LinearizedNetwork Network { get; }

    /// <summary>t and s.</summary>
    public Targets Targets { get; }

    /// <summary>λ.</summary>
    public double Lambda { get; }

    internal IKernels Kernels => Network.Kernels;

    internal Block<float> TargetBlock => _targets.Block;

    /// <summary>Empty for all ones.</summary>
    internal Block<float> WeightBlock => _weights?.Block ?? default;

    /// <summary><c>f0 + J·d</c> on the samples of the problem, [n × C].</summary>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public float[] Fitted(ParameterVector d, CancellationToken cancellation = default)
    {
        Expect(d);
        Outputs(d.Block, _outputs.Block, cancellation);
        GC.KeepAlive(d);
        float[] fitted = new float[_outputs.Block.Length];
        Kernels.Download(_outputs.Block, fitted.AsSpan());
        return fitted;
    }

    /// <summary>L(d); its sums accumulate in fp64.</summary>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public double Loss(ParameterVector d, CancellationToken cancellation = default)
    {
        Expect(d);
        Outputs(d.Block, _outputs.Block, cancellation);
        double loss = DataLoss(_outputs.Block, default) + Penalty(d.Block);
        GC.KeepAlive(d);
        GC.KeepAlive(this);
        return loss;
    }

    /// <summary>∇L(d).</summary>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public ParameterVector Gradient(ParameterVector d, CancellationToken cancellation = default)
    {
        Expect(d);
        var gradient = new ParameterVector(Network.Network.Parameters, Network.Network.Device);
        Outputs(d.Block, _outputs.Block, cancellation);
        _ = DataLoss(_outputs.Block, _seeds.Block);
        Gradient(_seeds.Block, d.Block, gradient.Block, cancellation);
        GC.KeepAlive(d);
        GC.KeepAlive(this);
        return gradient;
    }

    /// <summary>Frees the memory of targets and weights; the linearised network stays.</summary>
    public void Dispose()
    {
        _targets.Dispose();
        _weights?.Dispose();
        _outputs.Dispose();
        _seeds.Dispose();
    }

    internal void Expect(ParameterVector d)
    {
        ArgumentNullException.ThrowIfNull(d);
        d.Expect(Network.Network.Parameters, Network.Network.Device, nameof(d));
    }

    internal void Expect(Preconditioner? preconditioner)
        => preconditioner?.Expect(Network.Network, nameof(preconditioner));

    /// <summary><c>outputs = f0 + J·d</c>.</summary>
    internal void Outputs(Block<float> d, Block<float> outputs, CancellationToken cancellation)
    {
        Network.Jvp(d, outputs, cancellation);
        Kernels.Add(Network.F0Block, outputs, outputs);
    }

    /// <summary>The loss without its penalty; <paramref name="seeds"/>, unless empty, becomes <c>(1/n) s∘(outputs − t)</c>, what the VJP is seeded with.</summary>
    internal double DataLoss(Block<float> outputs, Block<float> seeds)
        => Kernels.WeightedSquaredLoss(Network.Samples, Network.Outputs, outputs, TargetBlock, WeightBlock, 1f / Network.Samples, seeds) / Network.Samples;

    internal double Penalty(Block<float> d) => Lambda == 0 ? 0 : Lambda / 2 * Kernels.Dot(d, d);

    /// <summary><c>gradient = Jᵀ·seeds + λd</c>.</summary>
    internal void Gradient(Block<float> seeds, Block<float> d, Block<float> gradient, CancellationToken cancellation)
    {
        Network.Vjp(seeds, gradient, cancellation);
        if (Lambda > 0) Kernels.Axpby((float)Lambda, d, 1f, gradient);
    }
}
