namespace GracefulKernels;

/// <summary>How ordinary training runs.</summary>
public sealed record SgdOptions
{
    /// <summary>η over the epochs.</summary>
    public LearningRate LearningRate { get; init; } = LearningRate.Cosine(0.05);

    /// <summary>μ in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Multiplies w in the gradient; on every parameter.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>A gradient (with weight decay) that is longer is shortened to this (Pascanu et al. 2013); none by default. For steep losses: a frozen head of large weights, no normalisation.</summary>
    public double? MaxGradientNorm { get; init; }

    /// <summary>Samples of a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Sweeps through the samples.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>ε of cross-entropy, in [0, 1), where a training is given labels; an objective brings its own.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Of the order of the samples.</summary>
    public int Seed { get; init; }

    /// <summary>A file, written every so many epochs, from which a killed run goes on to the same bits. None by default.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    internal void Validate(string name)
    {
        ArgumentNullException.ThrowIfNull(LearningRate, name);
        _ = Check.NonNegative(WeightDecay, name, nameof(WeightDecay));
        if (MaxGradientNorm is { } norm) _ = Check.Positive(norm, name, nameof(MaxGradientNorm));
        if (!(Momentum >= 0 && Momentum < 1)) throw new ArgumentOutOfRangeException(name, Momentum, $"Momentum is {Momentum}; expected a number in [0, 1).");
        if (!(LabelSmoothing >= 0 && LabelSmoothing < 1))
        {
            throw new ArgumentOutOfRangeException(name, LabelSmoothing, $"LabelSmoothing is {LabelSmoothing}; expected a number in [0, 1).");
        }
        if (BatchSize < 1) throw new ArgumentOutOfRangeException(name, BatchSize, $"BatchSize is {BatchSize}; expected at least 1.");
        if (Epochs < 0) throw new ArgumentOutOfRangeException(name, Epochs, $"Epochs is {Epochs}; expected at least 0.");
        Checkpoint?.Validate(name);
    }

    /// <summary>All of these that the bits of a run hang on.</summary>
    internal void AddTo(RunFingerprint print)
    {
        print.Add("momentum", Momentum);
        print.Add("weight decay", WeightDecay);
        print.Add("largest gradient", MaxGradientNorm ?? 0);
        print.Add("batch size", BatchSize);
        print.Add("epochs", Epochs);
        print.Add("seed", Seed);
        double[] rates = [.. Enumerable.Range(0, Epochs).Select(e => LearningRate.At((double)e / Epochs))];
        print.Add("learning rates", rates);
    }
}
