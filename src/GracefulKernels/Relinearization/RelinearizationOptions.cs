namespace GracefulKernels;

/// <summary>How a network is linearised again and again.</summary>
public sealed record RelinearizationOptions
{
    /// <summary>k ≥ 1, the number of linear models that are solved; 1 is LQF.</summary>
    public int Steps { get; init; } = 2;

    /// <summary>How each linear model is solved. <see cref="PcgOptions.Start"/> and <see cref="PcgOptions.Checkpoint"/> have to be null: they belong to one problem.</summary>
    public PcgOptions Solver { get; init; } = new();

    /// <summary>Batches and memory of the linearised network.</summary>
    public LinearizedOptions Linearized { get; init; } = new();

    /// <summary>How the factors of each step are computed.</summary>
    public FactorOptions Factors { get; init; } = new();

    /// <summary>
    /// The preconditioner of a network from its factors and λ, made anew for each λ; disposed by the run. By default a <see cref="KroneckerPreconditioner"/>
    /// damped by λ.
    /// </summary>
    public Func<KroneckerFactors, double, Network, Preconditioner> Preconditioner { get; init; }
        = (factors, lambda, network) => new KroneckerPreconditioner(factors, lambda, network.Parameters, network.Device);

    /// <summary>Whether there is a preconditioner at all.</summary>
    public bool Precondition { get; init; } = true;

    /// <summary>What λ is multiplied by where the non-linear network did not follow a step.</summary>
    public double Raise { get; init; } = 10;

    /// <summary>How often λ is raised before a step is given up.</summary>
    public int MaxRaises { get; init; } = 6;

    /// <summary>The least gain of the non-linear network that a step needs, as a fraction of the gain that the linear model promised; in [0, 1).</summary>
    public double MinGainRatio { get; init; } = 1e-3;

    internal void Validate(string name)
    {
        if (Steps < 1) throw new ArgumentOutOfRangeException(name, Steps, $"Steps is {Steps}; expected at least 1.");
        if (MaxRaises < 0) throw new ArgumentOutOfRangeException(name, MaxRaises, $"MaxRaises is {MaxRaises}; expected at least 0.");
        if (!(Raise > 1) || !double.IsFinite(Raise)) throw new ArgumentOutOfRangeException(name, Raise, $"Raise is {Raise}; expected a finite number > 1.");
        if (!(MinGainRatio >= 0 && MinGainRatio < 1)) throw new ArgumentOutOfRangeException(name, MinGainRatio, $"MinGainRatio is {MinGainRatio}; expected a number in [0, 1).");
        ArgumentNullException.ThrowIfNull(Solver, name);
        ArgumentNullException.ThrowIfNull(Linearized, name);
        ArgumentNullException.ThrowIfNull(Factors, name);
        ArgumentNullException.ThrowIfNull(Preconditioner, name);
        if (Solver.Start is not null) throw new ArgumentException("Solver.Start is set; every step begins at its own network, d = 0.", name);
        if (Solver.Checkpoint is not null) throw new ArgumentException("Solver.Checkpoint is set; a checkpoint belongs to one problem, and every step is another.", name);
        Solver.Validate(name);
        Linearized.Validate(name);
        Factors.Validate(name);
    }
}
