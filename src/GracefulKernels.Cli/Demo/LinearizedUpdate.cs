using GracefulKernels.Cli.Data;

namespace GracefulKernels.Cli.Demo;

/// <summary>Updates of one old model as least-squares problems over one set of samples: linearised once, its Kronecker factors computed once.</summary>
internal sealed class LinearizedUpdate : IDisposable
{
    /// <summary>All samples at once: the network is small, and every thread gets longer pieces.</summary>
    private const int BatchSize = 512;

    private readonly DemoSettings _settings;
    private readonly Digits _data;
    private readonly Halving _halving;
    private readonly CancellationToken _cancellation;
    private readonly LinearizedNetwork _linearized;
    private readonly KroneckerPreconditioner _preconditioner;

    public LinearizedUpdate(Network old, Digits data, DemoSettings settings, Halving halving, CancellationToken cancellation)
    {
        _settings = settings;
        _data = data;
        _halving = halving;
        _cancellation = cancellation;
        _linearized = new LinearizedNetwork(old, data.Images, data.Count, options: new LinearizedOptions { BatchSize = BatchSize }, cancellation: cancellation);
        try
        {
            _preconditioner = Precondition([]);
        }
        catch
        {
            _linearized.Dispose();
            throw;
        }
    }

    /// <summary>Plain LQF by PCG, or by conjugate gradients without preconditioner.</summary>
    public SolverResult Pcg(bool preconditioned = true, IProgress<SolverProgress>? progress = null)
    {
        using LinearQuadraticProblem problem = Plain();
        return Solve(problem, preconditioned ? _preconditioner : null, progress);
    }

    /// <summary>
    /// Plain LQF by P-SGD. The paper's η = 0.1 is for its own scaling; here η is <paramref name="pace"/> over the largest eigenvalue of P⁻¹H, which is right for
    /// every network and also without preconditioner. Should batches make that diverge, it is halved, and the report says so.
    /// </summary>
    public SolverResult Psgd(double pace, bool preconditioned = true, int evaluationInterval = int.MaxValue)
    {
        using LinearQuadraticProblem problem = Plain();
        KroneckerPreconditioner? preconditioner = preconditioned ? _preconditioner : null;
        double rate = pace / Spectrum.LargestEigenvalue(problem, preconditioner, cancellation: _cancellation);
        return _halving.Run(preconditioned ? "P-SGD" : "P-SGD without preconditioner", rate, eta => GracefulKernels.Psgd.Solve(
            problem,
            new PsgdOptions
            {
                LearningRate = LearningRate.Cosine(eta),
                Epochs = _settings.PsgdEpochs,
                Tolerance = _settings.Tolerance,
                EvaluationInterval = evaluationInterval,
                Seed = _settings.Seed,
            },
            preconditioner,
            cancellation: _cancellation));
    }

    /// <summary>Positive-congruent LQF by PCG: the outputs of the old model, which is also what was linearised, are a second target.</summary>
    public SolverResult PositiveCongruent(double lambdaPc, IProgress<SolverProgress>? progress = null)
    {
        Targets targets = Targets.PositiveCongruent(_data.Labels, _linearized.F0.Span, new PositiveCongruentOptions { LambdaPc = lambdaPc, FocalAlpha = _settings.FocalAlpha, FocalBeta = _settings.FocalBeta });
        using LinearQuadraticProblem problem = new(_linearized, targets, _settings.Lambda);
        using KroneckerPreconditioner preconditioner = Precondition(targets.Weights.Span);
        return Solve(problem, preconditioner, progress);
    }

    /// <summary>The outputs of an update on other samples.</summary>
    public float[] Predict(ParameterVector d, Digits on)
        => new LinearizedModel(_linearized.Network, d).Predict(on.Images, on.Count, cancellation: _cancellation);

    public void Dispose()
    {
        _preconditioner.Dispose();
        _linearized.Dispose();
    }

    private LinearQuadraticProblem Plain() => new(_linearized, Targets.OneHot(_data.Labels, Digits.Classes), _settings.Lambda);

    private KroneckerPreconditioner Precondition(ReadOnlySpan<float> weights)
    {
        KroneckerFactors factors = KroneckerFactors.Compute(_linearized, weights: weights, cancellation: _cancellation);
        return new KroneckerPreconditioner(factors, _settings.Lambda, _linearized.Network.Parameters, _linearized.Network.Device);
    }

    private SolverResult Solve(LinearQuadraticProblem problem, KroneckerPreconditioner? preconditioner, IProgress<SolverProgress>? progress = null)
    {
        PcgOptions options = new() { Tolerance = _settings.Tolerance, MaxIterations = _settings.MaxIterations };
        return GracefulKernels.Pcg.Solve(problem, options, preconditioner, progress, _cancellation);
    }
}
