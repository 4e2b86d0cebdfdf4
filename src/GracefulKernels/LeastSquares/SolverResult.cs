namespace GracefulKernels;

/// <summary>What a solver found.</summary>
/// <param name="Update">d.</param>
/// <param name="Converged">Whether the tolerance was reached before the budget ended.</param>
/// <param name="Iterations">PCG: iterations; P-SGD: epochs.</param>
/// <param name="History">From the start to the end.</param>
/// <param name="Elapsed">Time taken.</param>
public sealed record SolverResult(
    ParameterVector Update, bool Converged, int Iterations, IReadOnlyList<SolverProgress> History, TimeSpan Elapsed)
{
    /// <summary>L(d) at the end.</summary>
    public double Loss => History[^1].Loss;

    /// <summary>‖∇L(d)‖ / ‖∇L(0)‖ at the end.</summary>
    public double RelativeGradient => History[^1].RelativeGradient;
}
