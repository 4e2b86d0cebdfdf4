namespace GracefulKernels;

/// <summary>How PCG runs.</summary>
public sealed record PcgOptions
{
    /// <summary>Stops when ‖∇L(d)‖ ≤ Tolerance·‖∇L(0)‖: the plain norm, so that runs with and without preconditioner stop at the same accuracy.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Stops, not converged, after so many iterations: each is one JVP sweep and one VJP sweep.</summary>
    public int MaxIterations { get; init; } = 200;

    /// <summary>The outputs f0 + Jd are updated along the search direction, and evaluated anew every so many iterations against drift.</summary>
    public int RefreshInterval { get; init; } = 50;

    /// <summary>Where to start; d = 0 where none is given. Not changed.</summary>
    public ParameterVector? Start { get; init; }

    internal void Validate(string name)
    {
        _ = Check.NonNegative(Tolerance, name, nameof(Tolerance));
        if (MaxIterations < 0) throw new ArgumentOutOfRangeException(name, MaxIterations, $"MaxIterations is {MaxIterations}; expected at least 0.");
        if (RefreshInterval < 1) throw new ArgumentOutOfRangeException(name, RefreshInterval, $"RefreshInterval is {RefreshInterval}; expected at least 1.");
    }
}
