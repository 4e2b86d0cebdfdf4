using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The vectors of one PCG solve.</summary>
internal sealed class PcgRun : IDisposable
{
    // In so many iterations a solve that is not at the limit of fp32 lowers its gradient, or its loss by more than the rounding of a sum of fp32 squares.
    private const int Patience = 25;
    private const double LossRounding = 1e-7;

    private readonly LinearQuadraticProblem _problem;
    private readonly PcgOptions _options;
    private readonly Preconditioner? _preconditioner;
    private readonly CancellationToken _cancellation;
    private readonly SolverLog _log;
    private readonly IKernels _kernels;
    private readonly ParameterVector _d;
    private readonly ParameterVector? _best;
    private readonly DeviceFloats _gradient;
    private readonly DeviceFloats _lastGradient;
    private readonly DeviceFloats? _preconditioned;
    private readonly DeviceFloats _direction;
    private readonly DeviceFloats _fitted;
    private readonly DeviceFloats _image;
    private readonly DeviceFloats _seeds;
    private readonly DeviceFloats _zeros;
    private readonly FrozenFilter? _filter;
    private readonly Checkpoint? _checkpoint;
    private double _reference = double.NaN;
    private double _rho;
    private double _least = double.PositiveInfinity;
    private int _bestIteration;
    private ParameterVector? _result;

    public PcgRun(
        LinearQuadraticProblem problem,
        PcgOptions options,
        Preconditioner? preconditioner,
        IProgress<SolverProgress>? progress,
        CancellationToken cancellation)
    {
        _problem = problem;
        _options = options;
        _preconditioner = preconditioner;
        _cancellation = cancellation;
        _log = new SolverLog(options.Tolerance, options.MaxIterations, options.TimeLimit, progress);
        _kernels = problem.Kernels;
        Network network = problem.Network.Network;
        long parameters = network.Parameters.DeviceLength, outputs = problem.TargetBlock.Length;
        _d = options.Start?.Clone() ?? new ParameterVector(network.Parameters, network.Device);
        _best = options.LeaveOneOut is null ? null : new ParameterVector(network.Parameters, network.Device);
        _gradient = new DeviceFloats(_kernels, parameters);
        _lastGradient = new DeviceFloats(_kernels, parameters);
        _preconditioned = preconditioner is null ? null : new DeviceFloats(_kernels, parameters);
        _direction = new DeviceFloats(_kernels, parameters);
        _fitted = new DeviceFloats(_kernels, outputs);
        _image = new DeviceFloats(_kernels, outputs);
        _seeds = new DeviceFloats(_kernels, outputs);
        _zeros = new DeviceFloats(_kernels, outputs);
        _filter = options.LeaveOneOut is null ? null : new FrozenFilter(problem, preconditioner, options.LeaveOneOut);
        _checkpoint = options.Checkpoint is null ? null : CreateCheckpoint(options.Checkpoint);
    }

    public SolverResult Solve()
    {
        int iteration = Resume();
        if (iteration < 0)
        {
            Begin();
            Evaluate(iteration = 0);
        }
        SolverStop? stop;
        while ((stop = Stop(iteration)) is null)
        {
            iteration++;
            Turn();
            Step(iteration);
            Evaluate(iteration);
        }
        _log.Note(_checkpoint?.Write(iteration, Scalars(), _log.History, last: true));
        int chosen = _filter is null ? iteration : _bestIteration;
        _result = chosen == iteration ? _d : _best!;
        // The best iterate does not meet the tolerance that the last one does.
        if (chosen < iteration && stop is SolverStop.Tolerance or SolverStop.Precision) stop = SolverStop.LeaveOneOut;
        return new SolverResult(_result, stop.Value, iteration, _log.History, _log.Elapsed) { Chosen = chosen };
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_d, _result)) _d.Dispose();
        if (!ReferenceEquals(_best, _result)) _best?.Dispose();
        _gradient.Dispose();
        _lastGradient.Dispose();
        _preconditioned?.Dispose();
        _direction.Dispose();
        _fitted.Dispose();
        _image.Dispose();
        _seeds.Dispose();
        _zeros.Dispose();
        _filter?.Dispose();
    }

    private Checkpoint CreateCheckpoint(CheckpointOptions options)
    {
        RunFingerprint print = RunFingerprint.Of(_problem, _preconditioner);
        print.Add("batch size", _problem.Network.BatchSize);
        print.Add("refresh interval", _options.RefreshInterval);
        print.Add("start", _options.Start);
        print.Add("probes", _options.LeaveOneOut?.Probes ?? 0);
        print.Add("seed of the probes", _options.LeaveOneOut?.Seed ?? 0);
        List<CheckpointVector> vectors =
        [
            new("d", _d.Block), new("gradient", _gradient.Block), new("last_gradient", _lastGradient.Block), new("direction", _direction.Block),
            new("fitted", _fitted.Block),
        ];
        if (_filter is not null) vectors.AddRange([new("best", _best!.Block), .. _filter.State]);
        return new Checkpoint(options, "PCG", print, _kernels, vectors, Scalars().Length);
    }

    /// <summary>What goes on besides vectors and history.</summary>
    private double[] Scalars() => [_reference, _rho, _bestIteration, _filter?.MeanLeverage ?? 0];

    /// <summary>The iteration that a checkpoint was written in; −1 to begin anew.</summary>
    private int Resume()
    {
        if (_checkpoint?.Read(out List<SolverProgress> history) is not { } scalars) return -1;
        (_reference, _rho, _bestIteration) = (scalars[0], scalars[1], (int)scalars[2]);
        if (_bestIteration < 0 || _bestIteration >= history.Count) throw new InvalidDataException($"{_options.Checkpoint!.Path}: the best iteration is {scalars[2]} of {history.Count - 1}.");
        if (_filter is not null) _filter.MeanLeverage = scalars[3];
        _least = history.Min(h => h.LeaveOneOut);
        _log.Restore(history);
        return history.Count - 1;
    }

    /// <summary>The outputs at the start; for another start than 0 also ‖∇L(0)‖, what the gradient is measured by.</summary>
    private void Begin()
    {
        _kernels.Copy(_problem.Network.F0Block, _fitted.Block);
        if (_options.Start is null) return;
        _ = _problem.DataLoss(_fitted.Block, _seeds.Block);
        _problem.Network.Vjp(_seeds.Block, _gradient.Block, _cancellation);
        _reference = Math.Sqrt(_kernels.Dot(_gradient.Block, _gradient.Block));
        _problem.Outputs(_d.Block, _fitted.Block, _cancellation);
    }

    private void Evaluate(int iteration)
    {
        double data = _problem.DataLoss(_fitted.Block, _seeds.Block), loss = data + _problem.Penalty(_d.Block);
        _problem.Gradient(_seeds.Block, _d.Block, _gradient.Block, _cancellation);
        double norm = Math.Sqrt(_kernels.Dot(_gradient.Block, _gradient.Block));
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            throw new ArithmeticException($"PCG broke down in iteration {iteration}: loss {loss}, gradient norm {norm}, λ = {_problem.Lambda:R}.");
        }
        if (double.IsNaN(_reference)) _reference = norm;
        _log.Add(iteration, loss, norm == 0 ? 0 : norm / _reference, _filter?.LeaveOneOut(data) ?? double.NaN);
        if (_filter is not null) Choose(iteration);
        _log.Report(_checkpoint?.Write(iteration, Scalars(), _log.History));
    }

    /// <summary>Keeps the iterate where its leave-one-out error is the least so far.</summary>
    private void Choose(int iteration)
    {
        _least = Math.Min(_least, _log.Last.LeaveOneOut);
        if (iteration > 0 && !(_log.Last.LeaveOneOut <= _least * (1 + LeaveOneOutOptions.Slack))) return;
        _bestIteration = iteration;
        _kernels.Copy(_d.Block, _best!.Block);
    }

    private SolverStop? Stop(int iteration)
    {
        IReadOnlyList<SolverProgress> history = _log.History;
        if (history[^1].RelativeGradient <= _options.Tolerance) return SolverStop.Tolerance;
        if (_filter is not null && iteration - _bestIteration >= _options.LeaveOneOut!.Patience) return SolverStop.LeaveOneOut;
        if (iteration >= _options.MaxIterations) return SolverStop.Budget;
        if (_log.IsOutOfTime) return SolverStop.TimeLimit;
        if (iteration < 2 * Patience) return null;
        double before = double.MaxValue, now = double.MaxValue;
        for (int i = 0; i < Patience; i++)
        {
            now = Math.Min(now, history[iteration - i].RelativeGradient);
            before = Math.Min(before, history[iteration - Patience - i].RelativeGradient);
        }
        bool lossFell = history[iteration].Loss < history[iteration - Patience].Loss * (1 - LossRounding);
        return now < before || lossFell ? null : SolverStop.Precision;
    }

    /// <summary>The next search direction <c>p ← −z + βp</c>, z = P⁻¹g, and <c>ρ = gᵀz</c>.</summary>
    private void Turn()
    {
        Block<float> z = _gradient.Block;
        if (_preconditioner is not null) _preconditioner.Apply(_gradient.Block, z = _preconditioned!.Block);
        double rho = _kernels.Dot(_gradient.Block, z);
        float beta = _rho > 0 ? (float)Math.Max(0, (rho - _kernels.Dot(_lastGradient.Block, z)) / _rho) : 0;
        _kernels.Axpby(-1f, z, beta, _direction.Block);
        // A direction that does not descend is one of rounding: begin anew.
        if (beta > 0 && !(_kernels.Dot(_gradient.Block, _direction.Block) < 0)) _kernels.Axpby(-1f, z, beta = 0f, _direction.Block);
        _kernels.Copy(_gradient.Block, _lastGradient.Block);
        _rho = rho;
        _filter?.Turn(beta, _cancellation);
    }

    /// <summary>The exact line search along the direction.</summary>
    private void Step(int iteration)
    {
        _problem.Network.Jvp(_direction.Block, _image.Block, _cancellation);
        double curvature = Curvature(), alpha = -_kernels.Dot(_gradient.Block, _direction.Block) / curvature;
        if (!(curvature > 0) || !double.IsFinite(alpha))
        {
            string what = $"PCG broke down in iteration {iteration}: curvature {curvature:G4} along the search direction, λ = {_problem.Lambda:R}.";
            throw _problem.Lambda == 0 ? SingularProblemException.At(_problem, what, _cancellation) : new ArithmeticException(what);
        }
        bool refresh = iteration % _options.RefreshInterval == 0;
        _kernels.Axpby((float)alpha, _direction.Block, 1f, _d.Block);
        if (refresh) _problem.Outputs(_d.Block, _fitted.Block, _cancellation);
        else _kernels.Axpby((float)alpha, _image.Block, 1f, _fitted.Block);
        _filter?.Step((float)alpha, refresh, _cancellation);
    }

    /// <summary><c>pᵀHp = (1/n) Σ s∘(Jp)² + λ‖p‖²</c>.</summary>
    private double Curvature() => 2 * (_problem.Penalty(_direction.Block) + (_kernels.WeightedSquaredLoss(
        _problem.Network.Samples, _problem.Network.Outputs, _image.Block, _zeros.Block, _problem.WeightBlock, 0f, default) / _problem.Network.Samples));
}
