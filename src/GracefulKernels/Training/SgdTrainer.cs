namespace GracefulKernels;

/// <summary>
/// Ordinary, non-linear training by cross-entropy or another <see cref="TrainingObjective"/>: <c>v ← μv + ∇ + (weight decay)·w</c>, <c>w ← w − ηv</c> (the form of Sutskever et al. 2013 that PyTorch uses).
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
        return Run(network, images, TrainingObjective.CrossEntropy(labels, options.LabelSmoothing), options, layout, progress, cancellation);
    }

    /// <summary>Trains by an objective from the weights of <paramref name="network"/> and returns a new network.</summary>
    /// <param name="network">Not changed.</param>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says; samples = those of the objective, at least 1, in its order.</param>
    /// <param name="objective">What is minimised.</param>
    /// <param name="options">Learning rate, batches and budget; no label smoothing, which is the objective's.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="progress">After each epoch.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">A shape does not fit, a pixel is not finite, there is no sample, or the options have a label smoothing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range.</exception>
    /// <exception cref="DivergenceException">Loss or weights run away or are not finite; the message names the learning rate.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or one of another run; the message says in what that differs.</exception>
    /// <exception cref="IOException">The first checkpoint cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the network is as before.</exception>
    public static Network Train(
        Network network,
        ReadOnlySpan<float> images,
        TrainingObjective objective,
        SgdOptions? options = null,
        ImageLayout layout = ImageLayout.Nhwc,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(objective);
        options ??= new SgdOptions();
        options.Validate(nameof(options));
        if (options.LabelSmoothing != 0)
        {
            throw new ArgumentException($"LabelSmoothing is {options.LabelSmoothing}, but the objective brings its own; give it there.", nameof(options));
        }
        network.CheckImages(images, objective.Samples, layout);
        if (objective.Samples == 0) throw new ArgumentException("objective has no sample; training needs at least one.", nameof(objective));
        objective.Expect(network.Outputs);
        return Run(network, images, objective, options, layout, progress, cancellation);
    }

    private static Network Run(
        Network network,
        ReadOnlySpan<float> images,
        TrainingObjective objective,
        SgdOptions options,
        ImageLayout layout,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellation)
    {
        Check.Finite(images, nameof(images));
        float[] data = new ImageStaging(network.InputShape, layout, objective.Samples).ChannelsLast(images, objective.Samples).ToArray();
        using var run = new SgdRun(network, data, objective, options);
        var log = new SolverLog(tolerance: double.NaN, options.Epochs, timeLimit: null, progress: null);
        Checkpoint? checkpoint = run.CreateCheckpoint();
        double first = double.NaN, sane = objective.Sane(network.Outputs);
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
            double eta = options.LearningRate.At((epoch - 1.0) / options.Epochs);
            (double loss, FlipCounts? flips) = run.Epoch(epoch, eta, cancellation);
            if (double.IsNaN(first)) first = loss;
            // A loss a thousand times that of guessing is no noise: the logits have run away, and soon overflow.
            if (!(loss < 1000 * Math.Max(first, sane))) throw new DivergenceException("Training", epoch, loss, first, eta, options.LearningRate.Initial);
            log.Add(epoch, loss, double.NaN);
            string? failure = checkpoint?.Write(epoch, [first], log.History, last: epoch == options.Epochs);
            progress?.Report(new TrainingProgress(epoch, loss, log.Last.Elapsed) { TimeLeft = log.Last.ToBudget, Flips = flips, CheckpointFailure = failure });
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
