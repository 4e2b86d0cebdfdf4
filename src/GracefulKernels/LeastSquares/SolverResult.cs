namespace GracefulKernels;

/// <summary>What a solver found.</summary>
/// <param name="Update">d.</param>
/// <param name="Stop">Why the solver stopped.</param>
/// <param name="Iterations">PCG: iterations; P-SGD: epochs.</param>
/// <param name="History">From the start to the end.</param>
/// <param name="Elapsed">Time taken, that of a run before the checkpoint included.</param>
public sealed record SolverResult(
    ParameterVector Update, SolverStop Stop, int Iterations, IReadOnlyList<SolverProgress> History, TimeSpan Elapsed)
{
    /// <summary>The iteration whose iterate <see cref="Update"/> is: the last, or the one of the least leave-one-out error where that is followed.</summary>
    public int Chosen { get; init; } = Iterations;

    /// <summary>Whether the tolerance was reached by <see cref="Update"/>.</summary>
    public bool Converged => Stop == SolverStop.Tolerance;

    /// <summary>L(d) of <see cref="Update"/>.</summary>
    public double Loss => History[Chosen].Loss;

    /// <summary>‖∇L(d)‖ / ‖∇L(0)‖ of <see cref="Update"/>.</summary>
    public double RelativeGradient => History[Chosen].RelativeGradient;

    /// <summary>Estimate of the leave-one-out error of <see cref="Update"/>; NaN where it was not followed.</summary>
    public double LeaveOneOut => History[Chosen].LeaveOneOut;

    /// <summary>Why a checkpoint could not be written, where one could not: the last of those messages.</summary>
    public string? CheckpointFailure => History.LastOrDefault(h => h.CheckpointFailure is not null).CheckpointFailure;
}
