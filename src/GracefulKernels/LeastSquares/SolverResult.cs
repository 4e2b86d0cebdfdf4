namespace GracefulKernels;

/// <summary>What a solver found.</summary>
/// <param name="Update">d.</param>
/// <param name="Stop">Why the solver stopped.</param>
/// <param name="Iterations">PCG: iterations; P-SGD: epochs.</param>
/// <param name="History">From the start to the end.</param>
/// <param name="Elapsed">Time taken.</param>
public sealed record SolverResult(
    ParameterVector Update, SolverStop Stop, int Iterations, IReadOnlyList<SolverProgress> History, TimeSpan Elapsed)
{
    /// <summary>Whether the tolerance was reached.</summary>
    public bool Converged => Stop == SolverStop.Tolerance;

    /// <summary>L(d) at the end.</summary>
    public double Loss => History[^1].Loss;

    /// <summary>‖∇L(d)‖ / ‖∇L(0)‖ at the end.</summary>
    public double RelativeGradient => History[^1].RelativeGradient;
}
