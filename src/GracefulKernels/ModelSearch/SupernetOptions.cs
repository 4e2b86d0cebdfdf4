namespace GracefulKernels;

/// <summary>How a supernet is trained.</summary>
public sealed record SupernetOptions
{
    /// <summary>η over the epochs.</summary>
    public LearningRate LearningRate { get; init; } = LearningRate.Cosine(0.02);

    /// <summary>μ in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Multiplies w in the gradient; on the weights of the step's candidate alone.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Samples of a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Sweeps through the samples.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>A gradient longer than this is shortened to it: candidates of different sizes share one learning rate.</summary>
    public double MaxGradientNorm { get; init; } = 5;

    /// <summary>The most multiplications with an addition that a step's candidate may take: what will not be searched need not be trained. None by default.</summary>
    public long? MaxMultiplyAccumulates { get; init; }

    /// <summary>ε of cross-entropy, in [0, 1).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Of the order of the samples and of the candidates.</summary>
    public int Seed { get; init; }

    internal void Validate(string name)
    {
        ArgumentNullException.ThrowIfNull(LearningRate, name);
        _ = Check.NonNegative(WeightDecay, name, nameof(WeightDecay));
        _ = Check.Positive(MaxGradientNorm, name, nameof(MaxGradientNorm));
        if (!(LabelSmoothing >= 0 && LabelSmoothing < 1))
        {
            throw new ArgumentOutOfRangeException(name, LabelSmoothing, $"LabelSmoothing is {LabelSmoothing}; expected a number in [0, 1).");
        }
        if (!(Momentum >= 0 && Momentum < 1)) throw new ArgumentOutOfRangeException(name, Momentum, $"Momentum is {Momentum}; expected a number in [0, 1).");
        if (BatchSize < 1) throw new ArgumentOutOfRangeException(name, BatchSize, $"BatchSize is {BatchSize}; expected at least 1.");
        if (Epochs < 0) throw new ArgumentOutOfRangeException(name, Epochs, $"Epochs is {Epochs}; expected at least 0.");
    }
}
