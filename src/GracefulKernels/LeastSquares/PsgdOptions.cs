namespace GracefulKernels;

/// <summary>How P-SGD runs, and the training of a linearised network by cross-entropy.</summary>
public sealed record PsgdOptions
{
    /// <summary>
    /// η over the epochs. Stable below <c>2(1 + μ)/λ_max(P⁻¹H)</c>: for exact factors, which see neither correlation between positions nor between layers,
    /// that is often nearer to 0.01 than to the paper's 0.1; a damping above λ raises it.
    /// </summary>
    public LearningRate LearningRate { get; init; } = LearningRate.Cosine(0.01);

    /// <summary>μ in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Samples of a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Stops, not converged, after so many sweeps through the samples.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>Stops when ‖∇L(d)‖ ≤ Tolerance·‖∇L(0)‖ at a full evaluation.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Epochs from one full evaluation of loss and gradient to the next; each costs as much as an epoch. The last epoch is always evaluated.</summary>
    public int EvaluationInterval { get; init; } = 5;

    /// <summary>Of the order of the samples.</summary>
    public int Seed { get; init; }

    /// <summary>Memory for primal states, as <see cref="LinearizedOptions.CacheBytes"/>, besides the problem's own.</summary>
    public long? CacheBytes { get; init; }

    /// <summary>Stops, not converged, at the end of the epoch in which so much wall time has passed since the call. None by default.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>A file from which a killed run goes on. None by default.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    internal void Validate(string name)
    {
        ArgumentNullException.ThrowIfNull(LearningRate, name);
        _ = Check.NonNegative(Tolerance, name, nameof(Tolerance));
        if (!(Momentum >= 0 && Momentum < 1)) throw new ArgumentOutOfRangeException(name, Momentum, $"Momentum is {Momentum}; expected a number in [0, 1).");
        if (BatchSize < 1) throw new ArgumentOutOfRangeException(name, BatchSize, $"BatchSize is {BatchSize}; expected at least 1.");
        if (Epochs < 0) throw new ArgumentOutOfRangeException(name, Epochs, $"Epochs is {Epochs}; expected at least 0.");
        if (EvaluationInterval < 1) throw new ArgumentOutOfRangeException(name, EvaluationInterval, $"EvaluationInterval is {EvaluationInterval}; expected at least 1.");
        if (TimeLimit < TimeSpan.Zero) throw new ArgumentOutOfRangeException(name, TimeLimit, $"TimeLimit is {TimeLimit}; expected at least 0.");
        Checkpoint?.Validate(name);
    }

    /// <summary>All of these that the bits of a run hang on.</summary>
    internal void AddTo(RunFingerprint print)
    {
        print.Add("momentum", Momentum);
        print.Add("batch size", BatchSize);
        print.Add("epochs", Epochs);
        print.Add("seed", Seed);
        double[] rates = [.. Enumerable.Range(0, Epochs).Select(e => LearningRate.At((double)e / Epochs))];
        print.Add("learning rates", rates);
    }
}
