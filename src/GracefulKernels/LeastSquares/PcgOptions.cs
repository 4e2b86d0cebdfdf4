namespace GracefulKernels;

/// <summary>How PCG runs.</summary>
public sealed record PcgOptions
{
    /// <summary>Stops when ‖∇L(d)‖ ≤ Tolerance·‖∇L(0)‖: the plain norm, so that runs with and without preconditioner stop at the same accuracy.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Stops, not converged, after so many iterations: each is one JVP sweep and one VJP sweep.</summary>
    public int MaxIterations { get; init; } = 200;

    /// <summary>Stops, not converged, at the end of the iteration in which so much wall time has passed since the call. None by default.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Follows the leave-one-out error, stops when it rises and returns the best iterate. None by default.</summary>
    public LeaveOneOutOptions? LeaveOneOut { get; init; }

    /// <summary>A file from which a killed run goes on. None by default.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    /// <summary>The outputs f0 + Jd are updated along the search direction, and evaluated anew every so many iterations against drift.</summary>
    public int RefreshInterval { get; init; } = 50;

    /// <summary>Where to start; d = 0 where none is given. Not changed.</summary>
    public ParameterVector? Start { get; init; }

    /// <summary>
    /// Solve also with λ = 0 and a singular H. From d = 0, without preconditioner, that finds the solution of least norm. With <see cref="LeaveOneOut"/> it is
    /// always allowed: the stop regularises.
    /// </summary>
    public bool AllowSingular { get; init; }

    internal void Validate(string name)
    {
        _ = Check.NonNegative(Tolerance, name, nameof(Tolerance));
        if (MaxIterations < 0) throw new ArgumentOutOfRangeException(name, MaxIterations, $"MaxIterations is {MaxIterations}; expected at least 0.");
        if (RefreshInterval < 1) throw new ArgumentOutOfRangeException(name, RefreshInterval, $"RefreshInterval is {RefreshInterval}; expected at least 1.");
        if (TimeLimit < TimeSpan.Zero) throw new ArgumentOutOfRangeException(name, TimeLimit, $"TimeLimit is {TimeLimit}; expected at least 0.");
        LeaveOneOut?.Validate(name);
        Checkpoint?.Validate(name);
    }
}
