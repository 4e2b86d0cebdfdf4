namespace GracefulKernels;

/// <summary>The ends of a spectrum as Lanczos sees them, from inside.</summary>
/// <param name="Largest">The largest Ritz value: at most λ_max, and near it after few iterations.</param>
/// <param name="Smallest">The smallest Ritz value: at least λ_min, to fp32 rounding of λ_max (about 1e-6 of it).</param>
/// <param name="Iterations">Products with H; fewer than asked for where the spectrum was exhausted: then both ends are exact for all that the start meets.</param>
public sealed record ConditionEstimate(double Largest, double Smallest, int Iterations)
{
    /// <summary>κ = λ_max/λ_min, from below; infinite where the smallest value is not positive.</summary>
    public double Condition => Smallest > 0 ? Largest / Smallest : double.PositiveInfinity;
}
