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

    /// <summary>Samples of a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Sweeps through the samples.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>ε of cross-entropy, in [0, 1).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Of the order of the samples.</summary>
    public int Seed { get; init; }

    /// <summary>A file, written every so many epochs, from which a killed run goes on to the same bits. None by default.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    internal void Validate(string name)
    {
        ArgumentNullException.ThrowIfNull(LearningRate, name);
        _ = Check.NonNegative(WeightDecay, name, nameof(WeightDecay));
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
        print.Add("label smoothing", LabelSmoothing);
        print.Add("batch size", BatchSize);
        print.Add("epochs", Epochs);
        print.Add("seed", Seed);
        double[] rates = [.. Enumerable.Range(0, Epochs).Select(e => LearningRate.At((double)e / Epochs))];
        print.Add("learning rates", rates);
    }
}

/// <summary>Where a training stands.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean cross-entropy over the epoch in nats, each batch at its own weights; without weight decay.</param>
/// <param name="Elapsed">Since the training began; a run that goes on from a checkpoint counts the time before it too.</param>
public readonly record struct TrainingProgress(int Epoch, double Loss, TimeSpan Elapsed)
{
    /// <summary>Time to the last epoch, at the seconds that the later half of the epochs took.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Why the last checkpoint could not be written; null where it could, or none was due. The one before it stays.</summary>
    public string? CheckpointFailure { get; init; }
}

/// <summary>
/// Ordinary, non-linear training by cross-entropy: <c>v ← μv + ∇ + (weight decay)·w</c>, <c>w ← w − ηv</c> (the form of Sutskever et al. 2013 that PyTorch uses).
/// Batch normalisation stays in evaluation: γ and β are trained, the running statistics are frozen.
/// </summary>
public static class SgdTrainer
{
    /// <summary>Trains from the weights of <paramref name="network"/> and returns a new network.</summary>
    /// <param name="network">Not changed.</param>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says; samples = labels.Length ≥ 1.</param>
    /// <param name="labels">Each in [0, C).</param>
    /// <param name="options">Learning rate, batches and budget.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="progress">After each epoch.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">A shape does not fit, a label is out of range, a pixel is not finite, or there is no sample.</exception>
    /// <exception cref="DivergenceException">Loss or weights run away or are not finite; the message names the learning rate.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or one of another run; the message says in what that differs.</exception>
    /// <exception cref="IOException">The first checkpoint cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the network is as before.</exception>
    public static Network Train(
        Network network,
        ReadOnlySpan<float> images,
        ReadOnlySpan<int> labels,
        SgdOptions? options = null,
        ImageLayout layout = ImageLayout.Nhwc,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new SgdOptions();
        options.Validate(nameof(options));
        network.CheckImages(images, labels.Length, layout);
        if (labels.IsEmpty) throw new ArgumentException("labels is empty; training needs at least one sample.", nameof(labels));
        Check.Labels(labels, network.Outputs, nameof(labels));
        Check.Finite(images, nameof(images));
        float[] data = new ImageStaging(network.InputShape, layout, labels.Length).ChannelsLast(images, labels.Length).ToArray();
        using var run = new SgdRun(network, data, labels.ToArray(), options);
        var log = new SolverLog(tolerance: double.NaN, options.Epochs, timeLimit: null, progress: null);
        Checkpoint? checkpoint = run.CreateCheckpoint();
        double first = double.NaN;
        if (checkpoint?.Read(out List<SolverProgress> history) is { } scalars)
        {
            first = scalars[0];
            log.Restore(history);
            run.Resumed();
        }
        else
        {
            // The loss is only known on the way.
            log.Add(0, double.NaN, double.NaN);
            checkpoint?.Write(0, [first], log.History);
        }
        for (int epoch = log.Last.Iteration + 1; epoch <= options.Epochs; epoch++)
        {
            double eta = options.LearningRate.At((epoch - 1.0) / options.Epochs), loss = run.Epoch(epoch, eta, cancellation);
            if (double.IsNaN(first)) first = loss;
            // A cross-entropy a thousand times that of guessing is no noise: the logits have run away, and soon overflow.
            if (!(loss < 1000 * Math.Max(first, Math.Log(network.Outputs + 1)))) throw new DivergenceException("Training", epoch, loss, first, eta, options.LearningRate.Initial);
            log.Add(epoch, loss, double.NaN);
            string? failure = checkpoint?.Write(epoch, [first], log.History, last: epoch == options.Epochs);
            progress?.Report(new TrainingProgress(epoch, loss, log.Last.Elapsed) { TimeLeft = log.Last.ToBudget, CheckpointFailure = failure });
        }
        Network result = run.Result();
        using ParameterVector weights = result.GetWeights();
        // The last step came after the last loss.
        if (!double.IsFinite(weights.Norm()))
        {
            throw new DivergenceException("Training", options.Epochs, double.NaN, first, options.LearningRate.At(1), options.LearningRate.Initial);
        }
        return result;
    }
}
