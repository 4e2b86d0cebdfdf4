using System.Diagnostics;

namespace GracefulKernels;

/// <summary>The steps of one run; at any time the linearisation of one step is alive.</summary>
/// <param name="images">Channels-last.</param>
internal sealed class RelinearizationRun(
    float[] images,
    Targets targets,
    double lambda,
    int[] labels,
    RelinearizationOptions options,
    IProgress<RelinearizationStep>? progress,
    IProgress<SolverProgress>? solverProgress,
    CancellationToken cancellation) : IDisposable
{
    private readonly List<RelinearizationStep> _steps = [];
    private LinearizedNetwork? _linearized;
    private LinearQuadraticProblem? _problem;
    private Preconditioner? _preconditioner;
    private ParameterVector? _d;

    public RelinearizationResult Run(Network network)
    {
        while (true)
        {
            var clock = Stopwatch.StartNew();
            Linearize(network, out KroneckerFactors? factors);
            SolverResult solution = Pcg.Solve(_problem!, options.Solver, _preconditioner, solverProgress, cancellation);
            _d = solution.Update;
            float[] start = _linearized!.F0.ToArray(), fitted = _problem!.Fitted(_d, cancellation);
            double from = DataLoss(start), linear = DataLoss(fitted), penalty = Penalty(_d, lambda);
            var tries = new List<RelinearizationTry>();
            bool last = _steps.Count + 1 == options.Steps;
            Network? next = last ? null : Move(network, factors, solution, from, linear + penalty, tries);
            _steps.Add(new RelinearizationStep(
                _steps.Count + 1, from, linear, penalty, Accuracy(start), Accuracy(fitted), solution, tries, clock.Elapsed));
            progress?.Report(_steps[^1]);
            if (next is null) return Finish(solution);
            Release();
            network = next;
        }
    }

    public void Dispose() => Release();

    /// <summary>Primal state, problem, factors and preconditioner at the weights of a network.</summary>
    private void Linearize(Network network, out KroneckerFactors? factors)
    {
        _linearized = new LinearizedNetwork(network, images, targets.Samples, options: options.Linearized, cancellation: cancellation);
        _problem = new LinearQuadraticProblem(_linearized, targets, lambda);
        factors = options.Precondition
            ? KroneckerFactors.Compute(_linearized, options.Factors, targets.Weights.Span, cancellation: cancellation)
            : null;
        _preconditioner = factors is null ? null : options.Preconditioner(factors, lambda, network);
    }

    /// <summary>The non-linear network further on; null where no λ' makes its loss fall.</summary>
    private Network? Move(Network network, KroneckerFactors? factors, SolverResult solution, double from, double promised, List<RelinearizationTry> tries)
    {
        ParameterVector d = solution.Update;
        int iterations = solution.Iterations;
        double damping = lambda;
        try
        {
            while (true)
            {
                Network moved = network.WithUpdate(d);
                float[] outputs = moved.Predict(images, targets.Samples, batchSize: _linearized!.BatchSize, cancellation: cancellation);
                double loss = DataLoss(outputs), predicted = from - promised, actual = from - loss - Penalty(d, damping);
                // A loss that is not finite is no gain. A solve that promised nothing is no step.
                bool accepted = predicted > 0 && loss < from && actual >= options.MinGainRatio * predicted;
                tries.Add(new RelinearizationTry(damping, predicted, actual, loss, Accuracy(outputs), iterations, accepted));
                if (accepted) return moved;
                if (tries.Count > options.MaxRaises) return null;
                damping *= options.Raise;
                using Preconditioner? preconditioner = factors is null ? null : options.Preconditioner(factors, damping, network);
                using var problem = new LinearQuadraticProblem(_linearized, targets, damping);
                // Only the model is stopped early: this solve wants the step of its λ'.
                SolverResult again = Pcg.Solve(problem, options.Solver with { Start = d, LeaveOneOut = null }, preconditioner, solverProgress, cancellation);
                if (!ReferenceEquals(d, solution.Update)) d.Dispose();
                d = again.Update;
                iterations = again.Iterations;
                promised = DataLoss(problem.Fitted(d, cancellation)) + Penalty(d, damping);
            }
        }
        finally
        {
            if (!ReferenceEquals(d, solution.Update)) d.Dispose();
        }
    }

    private RelinearizationResult Finish(SolverResult solution)
    {
        var result = new RelinearizationResult(_linearized!, _problem!, _preconditioner, solution, _steps);
        (_linearized, _problem, _preconditioner, _d) = (null, null, null, null);
        return result;
    }

    private void Release()
    {
        _problem?.Dispose();
        _preconditioner?.Dispose();
        _linearized?.Dispose();
        _d?.Dispose();
        (_linearized, _problem, _preconditioner, _d) = (null, null, null, null);
    }

    /// <summary><c>1/(2n) Σ s (f − t)²</c> in fp64.</summary>
    private double DataLoss(float[] outputs)
    {
        ReadOnlySpan<float> t = targets.Values.Span, s = targets.Weights.Span;
        double sum = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double r = (double)outputs[i] - t[i];
            sum += (s.IsEmpty ? 1 : s[i]) * r * r;
        }
        return sum / (2.0 * targets.Samples);
    }

    private static double Penalty(ParameterVector d, double lambda) => lambda / 2 * d.Dot(d);

    private double Accuracy(float[] outputs) => labels.Length == 0 ? double.NaN : Predicted.Accuracy(outputs, labels);
}
