using System.Diagnostics;
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
    private readonly IProgress<SolverProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<SolverProgress> _history = [];
    private readonly IKernels _kernels;
    private readonly ParameterVector _d;
    private readonly DeviceFloats _gradient;
    private readonly DeviceFloats _lastGradient;
    private readonly DeviceFloats? _preconditioned;
    private readonly DeviceFloats _direction;
    private readonly DeviceFloats _fitted;
    private readonly DeviceFloats _image;
    private readonly DeviceFloats _seeds;
    private readonly DeviceFloats _zeros;
    private double _reference = double.NaN;
    private bool _solved;

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
        _progress = progress;
        _cancellation = cancellation;
        _kernels = problem.Kernels;
        Network network = problem.Network.Network;
        long parameters = network.Parameters.DeviceLength, outputs = problem.TargetBlock.Length;
        _d = options.Start?.Clone() ?? new ParameterVector(network.Parameters, network.Device);
        _gradient = new DeviceFloats(_kernels, parameters);
        _lastGradient = new DeviceFloats(_kernels, parameters);
        _preconditioned = preconditioner is null ? null : new DeviceFloats(_kernels, parameters);
        _direction = new DeviceFloats(_kernels, parameters);
        _fitted = new DeviceFloats(_kernels, outputs);
        _image = new DeviceFloats(_kernels, outputs);
        _seeds = new DeviceFloats(_kernels, outputs);
        _zeros = new DeviceFloats(_kernels, outputs);
    }

    public SolverResult Solve()
    {
        Begin();
        Evaluate(0);
        double rho = 0;
        int iteration = 0;
        SolverStop? stop;
        while ((stop = Stop(iteration)) is null)
        {
            iteration++;
            rho = Turn(rho);
            Step(iteration);
            Evaluate(iteration);
        }
        _solved = true;
        return new SolverResult(_d, stop.Value, iteration, _history, _clock.Elapsed);
    }

    public void Dispose()
    {
        if (!_solved) _d.Dispose();
        _gradient.Dispose();
        _lastGradient.Dispose();
        _preconditioned?.Dispose();
        _direction.Dispose();
        _fitted.Dispose();
        _image.Dispose();
        _seeds.Dispose();
        _zeros.Dispose();
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
        double loss = _problem.DataLoss(_fitted.Block, _seeds.Block) + _problem.Penalty(_d.Block);
        _problem.Gradient(_seeds.Block, _d.Block, _gradient.Block, _cancellation);
        double norm = Math.Sqrt(_kernels.Dot(_gradient.Block, _gradient.Block));
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            throw new ArithmeticException($"PCG broke down in iteration {iteration}: loss {loss}, gradient norm {norm}, λ = {_problem.Lambda:R}.");
        }
        if (double.IsNaN(_reference)) _reference = norm;
        _history.Add(new SolverProgress(iteration, loss, norm == 0 ? 0 : norm / _reference, _clock.Elapsed));
        _progress?.Report(_history[^1]);
    }

    private SolverStop? Stop(int iteration)
    {
        if (_history[^1].RelativeGradient <= _options.Tolerance) return SolverStop.Tolerance;
        if (iteration >= _options.MaxIterations) return SolverStop.Budget;
        if (iteration < 2 * Patience) return null;
        double before = double.MaxValue, now = double.MaxValue;
        for (int i = 0; i < Patience; i++)
        {
            now = Math.Min(now, _history[iteration - i].RelativeGradient);
            before = Math.Min(before, _history[iteration - Patience - i].RelativeGradient);
        }
        bool lossFell = _history[iteration].Loss < _history[iteration - Patience].Loss * (1 - LossRounding);
        return now < before || lossFell ? null : SolverStop.Precision;
    }

    /// <summary>The next search direction <c>p ← −z + βp</c>, z = P⁻¹g; returns <c>ρ = gᵀz</c>.</summary>
    private double Turn(double lastRho)
    {
        Block<float> z = _gradient.Block;
        if (_preconditioner is not null) _preconditioner.Apply(_gradient.Block, z = _preconditioned!.Block);
        double rho = _kernels.Dot(_gradient.Block, z);
        double beta = lastRho > 0 ? Math.Max(0, (rho - _kernels.Dot(_lastGradient.Block, z)) / lastRho) : 0;
        _kernels.Axpby(-1f, z, (float)beta, _direction.Block);
        // A direction that does not descend is one of rounding: begin anew.
        if (beta > 0 && !(_kernels.Dot(_gradient.Block, _direction.Block) < 0)) _kernels.Axpby(-1f, z, 0f, _direction.Block);
        _kernels.Copy(_gradient.Block, _lastGradient.Block);
        return rho;
    }

    /// <summary>The exact line search along the direction.</summary>
    private void Step(int iteration)
    {
        _problem.Network.Jvp(_direction.Block, _image.Block, _cancellation);
        double curvature = Curvature(), alpha = -_kernels.Dot(_gradient.Block, _direction.Block) / curvature;
        if (!(curvature > 0) || !double.IsFinite(alpha))
        {
            throw new ArithmeticException(
                $"PCG broke down in iteration {iteration}: curvature {curvature:G4} along the search direction, λ = {_problem.Lambda:R}.");
        }
        _kernels.Axpby((float)alpha, _direction.Block, 1f, _d.Block);
        if (iteration % _options.RefreshInterval == 0) _problem.Outputs(_d.Block, _fitted.Block, _cancellation);
        else _kernels.Axpby((float)alpha, _image.Block, 1f, _fitted.Block);
    }

    /// <summary><c>pᵀHp = (1/n) Σ s∘(Jp)² + λ‖p‖²</c>.</summary>
    private double Curvature() => 2 * (_problem.Penalty(_direction.Block) + (_kernels.WeightedSquaredLoss(
        _problem.Network.Samples, _problem.Network.Outputs, _image.Block, _zeros.Block, _problem.WeightBlock, 0f, default) / _problem.Network.Samples));
}
