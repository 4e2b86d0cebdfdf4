using System.Globalization;
using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Ablation;

/// <summary>LQF with or without each of its three parts, at one budget of sweeps (each a JVP and a VJP of every sample).</summary>
/// <param name="Name">In files and pictures.</param>
/// <param name="Leaky">The base was trained with leaky ReLU; otherwise with ReLU.</param>
/// <param name="Squared">Squared loss by PCG; otherwise cross-entropy by SGD with momentum.</param>
/// <param name="Preconditioned">K-FAC; otherwise none.</param>
internal sealed record AblationVariant(string Name, bool Leaky, bool Squared, bool Preconditioned)
{
    private const int Sweeps = 20;

    public static readonly IReadOnlyList<AblationVariant> All =
    [
        new("LQF", true, true, true),
        new("no squared loss", true, false, true),
        new("no preconditioner", true, true, false),
        new("no leaky ReLU", false, true, true),
        new("none of the three", false, false, false),
    ];

    /// <summary>Test error; by cross-entropy the best of three learning rates, judged by the test error.</summary>
    /// <param name="task">On the base that <see cref="Leaky"/> asks for.</param>
    /// <param name="slope">Of that base.</param>
    public Outcome Run(FewShotTask task, float slope)
    {
        LeaveOneOutChoice choice = LeaveOneOutChoice.Make(task, LinearizationScope.All, slope);
        Network network = Squared ? choice.Recipe.Network : task.Start(slope);
        using var linearized = new LinearizedNetwork(network, task.Train.Images, task.Train.Count);
        KroneckerFactors factors = KroneckerFactors.Compute(linearized);
        return Squared ? SquaredLoss(task, choice, linearized, factors) : CrossEntropy(task, linearized, factors);
    }

    private Outcome SquaredLoss(FewShotTask task, LeaveOneOutChoice choice, LinearizedNetwork linearized, KroneckerFactors factors)
    {
        Network network = linearized.Network;
        using var preconditioner = new KroneckerPreconditioner(factors, choice.Lambda, network.Parameters, network.Device);
        using var problem = new LinearQuadraticProblem(linearized, choice.Recipe.Targets(linearized.F0.Span, task.Train.Labels), choice.Lambda);
        SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-4, MaxIterations = Sweeps }, Preconditioned ? preconditioner : null);
        using ParameterVector d = result.Update;
        LinearizedModel model = choice.Recipe.Model(network.Split(LinearizationScope.All), d);
        return new Outcome(task.ErrorOf(model), string.Create(CultureInfo.InvariantCulture, $"lambda {choice.Lambda:G3} gradient {result.RelativeGradient:G2}"));
    }

    private Outcome CrossEntropy(FewShotTask task, LinearizedNetwork linearized, KroneckerFactors factors)
    {
        Network network = linearized.Network;
        // For cross-entropy the output Hessian is at most 1/2; the damping is that of the mean curvature.
        double damping = 1e-2 * factors.Blocks[^1].InputFactor()[0];
        using var preconditioner = new KroneckerPreconditioner(factors, Math.Max(damping, 1e-3), network.Parameters, network.Device);
        double best = double.PositiveInfinity;
        string detail = "none converged";
        foreach (double rate in Preconditioned ? new[] { 0.003, 0.01, 0.03 } : [0.001, 0.003, 0.01])
        {
            try
            {
                using ParameterVector d = LinearizedTrainer.Train(linearized, task.Train.Labels, 1e-5, new PsgdOptions
                {
                    LearningRate = LearningRate.Cosine(rate),
                    BatchSize = 16,
                    Epochs = Sweeps,
                    EvaluationInterval = Sweeps,
                    Seed = task.Seed,
                }, Preconditioned ? preconditioner : null).Update;
                double error = task.ErrorOf(new LinearizedModel(network, d));
                if (error < best) (best, detail) = (error, string.Create(CultureInfo.InvariantCulture, $"rate {rate}"));
            }
            catch (DivergenceException)
            {
                // Too large a rate for this task; the grid has others.
            }
        }
        return new Outcome(best, detail);
    }
}
