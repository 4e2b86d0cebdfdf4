using System.Globalization;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>LQF after <see cref="Recipe"/>: the dual closed form up to 100 samples, beyond them PCG with K-FAC (one Rademacher probe) stopped at a budget.</summary>
internal static class LinearQuadratic
{
    private const int DualSamples = 100;

    /// <summary>One linearisation.</summary>
    public static Outcome Run(FewShotTask task, LinearizationScope scope)
    {
        LeaveOneOutChoice choice = LeaveOneOutChoice.Make(task, scope);
        NetworkSplit split = choice.Recipe.Network.Split(scope);
        using var linearized = new LinearizedNetwork(split.Tail, split.TailInputs(task.Train.Images, task.Train.Count), task.Train.Count);
        using ParameterVector d = Solve(linearized, choice.Recipe.Targets(linearized.F0.Span, task.Train.Labels), choice.Lambda, task.Shots, task.Seed);
        LinearizedModel model = choice.Recipe.Model(split, d);
        double error = task.ErrorOf(model);
        model.Update.Dispose();
        return new Outcome(error, string.Create(CultureInfo.InvariantCulture, $"slope {choice.Slope} lambda {choice.Lambda:G3}"));
    }

    /// <summary>The optimum, or what PCG reaches within its budget.</summary>
    public static ParameterVector Solve(LinearizedNetwork linearized, Targets targets, double lambda, int shots, int seed)
    {
        if (linearized.Samples <= DualSamples) return DualSystem.Compute(linearized, targets).Solve(lambda).Update();
        Network network = linearized.Network;
        KroneckerFactors factors = KroneckerFactors.Compute(linearized, Factors(seed));
        using var preconditioner = new KroneckerPreconditioner(factors, lambda, network.Parameters, network.Device);
        using var problem = new LinearQuadraticProblem(linearized, targets, lambda);
        return Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-3, MaxIterations = Iterations(shots) }, preconditioner).Update;
    }

    /// <summary>One random probe; exact factors would take one VJP an output, as much time as five iterations.</summary>
    public static FactorOptions Factors(int seed) => new() { Seeds = FactorSeeds.Rademacher, Probes = 1, Seed = seed };

    /// <summary>Fewer where each costs more.</summary>
    public static int Iterations(int shots) => shots switch { <= 20 => 40, <= 100 => 30, _ => 20 };
}
