using System.Globalization;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;

namespace GracefulKernels.Experiments.CongruenceTable;

/// <summary>
/// Positive-congruent LQF of a trained model, the untreated new one or the old one: its last residual block and its head are linearised about their trained weights and fitted to labels and old logits, for each
/// λ_pc from the last solution. α is the one that the model's own outputs fit αe_y with by the factor 1, so that nothing is to be done for their scale.
/// </summary>
internal static class CongruentPath
{
    /// <summary>λ as a multiple of tr(JJᵀ)/(nC²), and PCG's iterations for each λ_pc.</summary>
    private const double Ridge = 1e-3;

    private const int Iterations = 10;

    public static (PositiveCongruentPath Path, string Detail) Solve(CongruenceTask task, Network trained, double[] values)
    {
        NetworkSplit split = trained.Split(LinearizationScope.LastBlocks(2));
        using var linearized = new LinearizedNetwork(split.Tail, split.TailInputs(task.Train.Images, task.Train.Count), task.Train.Count);
        double alpha = Scale(linearized.F0.Span, task.Train.Labels), lambda = Ridge * LeaveOneOutChoice.Unit(linearized);
        PositiveCongruentPath path = PositiveCongruentPath.Solve(
            linearized, task.Train.Labels, task.OldLogits, lambda, values,
            new HeldOutSamples(task.Validation.Images, task.Validation.Labels, task.OldOnValidation),
            new PositiveCongruentPathOptions
            {
                Congruence = new PositiveCongruentOptions { Alpha = alpha },
                Centered = true,
                Split = split,
                DualRows = 0,
                Pcg = new PcgOptions { Tolerance = 1e-3, MaxIterations = Iterations },
                Preconditioner = problem => new KroneckerPreconditioner(
                    KroneckerFactors.Compute(linearized, LinearQuadratic.Factors(0), problem.Targets.Weights.Span), lambda, split.Tail.Parameters, split.Tail.Device),
            });
        return (path, string.Create(CultureInfo.InvariantCulture, $"alpha {alpha:G3} lambda {lambda:G3} knee {path.Curve.Knee.Value}{(path.Converged ? "" : " not converged")}"));
    }

    /// <summary>α with <c>Σ f_y·α = Σ ‖f‖²</c>; the usual one where the model has learned nothing.</summary>
    private static double Scale(ReadOnlySpan<float> outputs, ReadOnlySpan<int> labels)
    {
        double right = 0, norm = 0;
        for (int i = 0; i < labels.Length; i++) right += outputs[(i * LabelledImages.Classes) + labels[i]];
        foreach (float f in outputs) norm += (double)f * f;
        return right > 0 ? norm / right : Recipe.Alpha;
    }
}
