namespace GracefulKernels;

/// <summary>
/// The last linear model with all that it was solved from: leave-one-out, removal and influence on <see cref="Problem"/> and <see cref="Solution"/> are exact for
/// <see cref="Model"/>, whose w0 is the last network. Of the steps before they say nothing: without a sample, those would have gone elsewhere.
/// </summary>
public sealed class RelinearizationResult : IDisposable
{
    internal RelinearizationResult(
        LinearizedNetwork linearized, LinearQuadraticProblem problem, Preconditioner? preconditioner, SolverResult solution, IReadOnlyList<RelinearizationStep> steps)
    {
        Linearized = linearized;
        Problem = problem;
        Preconditioner = preconditioner;
        Solution = solution;
        Steps = steps;
        Model = new LinearizedModel(linearized.Network, solution.Update, problem.Lambda, problem.Targets.Alpha);
    }

    /// <summary>The last linear model.</summary>
    public LinearizedModel Model { get; }

    /// <summary>The last network, linearised over the samples.</summary>
    public LinearizedNetwork Linearized { get; }

    /// <summary>The last least-squares problem.</summary>
    public LinearQuadraticProblem Problem { get; }

    /// <summary>Of the last problem; null where the run had none.</summary>
    public Preconditioner? Preconditioner { get; }

    /// <summary>How the last problem was solved; its update is the model's.</summary>
    public SolverResult Solution { get; }

    /// <summary>What each step gained. Fewer than asked for where the network could not be moved on.</summary>
    public IReadOnlyList<RelinearizationStep> Steps { get; }

    /// <summary>Frees all but the model, which stays usable.</summary>
    public void Dispose()
    {
        Problem.Dispose();
        Preconditioner?.Dispose();
        Linearized.Dispose();
    }
}
