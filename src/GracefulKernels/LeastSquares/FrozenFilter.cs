using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The derivative of PCG's iterates by the targets with the scalars of the run frozen, applied to random signs z: the run's own recurrence over z in place of t.
/// <c>zᵀ·∂f_k/∂t·z</c> estimates the trace of the hat matrix; see <see cref="LeaveOneOutOptions"/>.
/// </summary>
internal sealed class FrozenFilter : IDisposable
{
    private readonly LinearQuadraticProblem _problem;
    private readonly Preconditioner? _preconditioner;
    private readonly IKernels _kernels;
    private readonly Probe[] _probes;
    private readonly DeviceFloats _gradient;
    private readonly DeviceFloats? _preconditioned;
    private readonly DeviceFloats _image;
    private readonly DeviceFloats _seeds;
    private readonly long _counted;

    public FrozenFilter(LinearQuadraticProblem problem, Preconditioner? preconditioner, LeaveOneOutOptions options)
    {
        _problem = problem;
        _preconditioner = preconditioner;
        _kernels = problem.Kernels;
        long parameters = problem.Network.Network.Parameters.DeviceLength, outputs = problem.TargetBlock.Length;
        ReadOnlySpan<float> weights = problem.Targets.Weights.Span;
        _counted = outputs;
        foreach (float s in weights) _counted -= s == 0 ? 1 : 0;
        _probes = new Probe[options.Probes];
        for (int k = 0; k < _probes.Length; k++)
        {
            _probes[k] = new Probe(
                new DeviceFloats(_kernels, Signs(options, k, (int)outputs, weights)),
                new DeviceFloats(_kernels, parameters),
                new DeviceFloats(_kernels, parameters),
                new DeviceFloats(_kernels, outputs));
        }
        _gradient = new DeviceFloats(_kernels, parameters);
        _preconditioned = preconditioner is null ? null : new DeviceFloats(_kernels, parameters);
        _image = new DeviceFloats(_kernels, outputs);
        _seeds = new DeviceFloats(_kernels, outputs);
    }

    /// <summary>All that changes, for a checkpoint; the signs come from their seed.</summary>
    public IEnumerable<CheckpointVector> State => _probes.SelectMany((p, k) => new CheckpointVector[]
    {
        new($"probe{k}.update", p.Update.Block), new($"probe{k}.direction", p.Direction.Block), new($"probe{k}.fitted", p.Fitted.Block),
    });

    /// <summary>
    /// The mean leverage τ = tr Φ / N, at least that of the iterations before: more of them take no freedom away, and rounding, which a filter of many iterations
    /// blows up, must not look like a gain.
    /// </summary>
    public double MeanLeverage { get; set; }

    /// <summary><c>loss / (1 − τ)²</c> of the iterate as it is now; +∞ where the estimated leverage is no longer below 1.</summary>
    /// <param name="dataLoss">The loss without its penalty.</param>
    public double LeaveOneOut(double dataLoss)
    {
        double trace = 0;
        foreach (Probe p in _probes) trace += _kernels.Dot(p.Signs.Block, p.Fitted.Block);
        double leverage = trace / _probes.Length / _counted;
        // NaN where the filter has overflowed.
        MeanLeverage = leverage >= MeanLeverage || double.IsNaN(leverage) ? leverage : MeanLeverage;
        double rest = 1 - MeanLeverage;
        return rest > 0 ? dataLoss / (rest * rest) : double.PositiveInfinity;
    }

    /// <summary><c>ṗ ← −P⁻¹ġ + βṗ</c>, <c>ġ = (1/n)·Jᵀ(s∘(ḟ − z)) + λḋ</c>.</summary>
    public void Turn(float beta, CancellationToken cancellation)
    {
        foreach (Probe p in _probes)
        {
            _ = _kernels.WeightedSquaredLoss(
                _problem.Network.Samples, _problem.Network.Outputs, p.Fitted.Block, p.Signs.Block, _problem.WeightBlock, 1f / _problem.Network.Samples, _seeds.Block);
            _problem.Gradient(_seeds.Block, p.Update.Block, _gradient.Block, cancellation);
            Block<float> z = _gradient.Block;
            if (_preconditioner is not null) _preconditioner.Apply(_gradient.Block, z = _preconditioned!.Block);
            _kernels.Axpby(-1f, z, beta, p.Direction.Block);
        }
    }

    /// <summary><c>ḋ ← ḋ + αṗ</c>, <c>ḟ ← ḟ + αJṗ</c>, or <c>ḟ = Jḋ</c> anew.</summary>
    public void Step(float alpha, bool refresh, CancellationToken cancellation)
    {
        foreach (Probe p in _probes)
        {
            _kernels.Axpby(alpha, p.Direction.Block, 1f, p.Update.Block);
            if (refresh)
            {
                _problem.Network.Jvp(p.Update.Block, p.Fitted.Block, cancellation);
                continue;
            }
            _problem.Network.Jvp(p.Direction.Block, _image.Block, cancellation);
            _kernels.Axpby(alpha, _image.Block, 1f, p.Fitted.Block);
        }
    }

    public void Dispose()
    {
        foreach (Probe p in _probes) p.Dispose();
        _gradient.Dispose();
        _preconditioned?.Dispose();
        _image.Dispose();
        _seeds.Dispose();
    }

    /// <summary>±1, a function of output and probe alone; 0 where the weight is, whose column of Φ is 0 and would only add noise.</summary>
    private static float[] Signs(LeaveOneOutOptions options, int probe, int outputs, ReadOnlySpan<float> weights)
    {
        var random = new CounterRandom((ulong)options.Seed);
        float[] signs = new float[outputs];
        for (int i = 0; i < outputs; i++)
        {
            if (!weights.IsEmpty && weights[i] == 0) continue;
            signs[i] = random.Bits(((ulong)probe << 40) + (ulong)i) >> 63 == 0 ? 1f : -1f;
        }
        return signs;
    }

    private sealed record Probe(DeviceFloats Signs, DeviceFloats Update, DeviceFloats Direction, DeviceFloats Fitted) : IDisposable
    {
        public void Dispose()
        {
            Signs.Dispose();
            Update.Dispose();
            Direction.Dispose();
            Fitted.Dispose();
        }
    }
}
