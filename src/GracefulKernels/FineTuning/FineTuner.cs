namespace GracefulKernels;

/// <summary>
/// Linear quadratic fine-tuning in one call (LQF, Achille et al. 2021): new head, λ by leave-one-out, Kronecker factors, the solve. Each step is there by itself too:
/// <see cref="Network.WithRidgeHead(ReadOnlySpan{float}, ReadOnlySpan{int}, int, RidgeHeadOptions?, ImageLayout, CancellationToken)"/>,
/// <see cref="Network.Split"/>, <see cref="LinearizedNetwork"/>, <see cref="DualSystem"/>, <see cref="KroneckerFactors"/>, <see cref="Pcg"/>.
/// </summary>
public static class FineTuner
{
    /// <summary>Fine-tunes <paramref name="network"/> on labelled images.</summary>
    /// <param name="network">Pre-trained; not changed. Its activations are linearised as they are: <see cref="Network.WithLeakyRelu"/> first, as LQF §3 has it.</param>
    /// <param name="images">[n × height × width × channels], or as <paramref name="layout"/> says.</param>
    /// <param name="labels">[n], each in [0, C).</param>
    /// <param name="options">What and how.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="progress">Stage after stage.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <returns>The solved problem; dispose of it. With <see cref="FineTuneOptions.Views"/> its rows are the views, those of a sample one behind the other.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, a label is out of range, a class has no sample, or a number is not finite.</exception>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer and a new head is wanted.</exception>
    /// <exception cref="DivergenceException">P-SGD diverged; the message names the learning rate.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static FineTuned Fit(
        Network network,
        ReadOnlySpan<float> images,
        ReadOnlySpan<int> labels,
        FineTuneOptions? options = null,
        ImageLayout layout = ImageLayout.Nhwc,
        IProgress<FineTuneProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new FineTuneOptions();
        options.Validate(nameof(options));
        network.CheckImages(images, labels.Length, layout);
        if (labels.IsEmpty) throw new ArgumentException("labels is empty; fine-tuning needs at least one sample.", nameof(labels));
        Check.Finite(images, nameof(images));
        int classes = Classes(network, labels, options);
        AugmentedViews? views = options.Views > 1 ? new AugmentedViews(network.InputShape, labels.Length, options.Views, options.ViewOptions) : null;
        if (views is not null)
        {
            images = views.Apply(images, layout);
            labels = views.Repeat(labels);
        }
        Targets targets = options.BeginsAtZero
            ? Targets.CenteredOneHot(labels, classes, options.Alpha, options.AllowEmptyClasses)
            : Targets.OneHot(labels, classes, options.Alpha, options.AllowEmptyClasses);
        var run = new FineTuneRun(options, progress, cancellation);
        Network start = run.WithHead(network.With(options.BatchNorm), images, labels, classes, layout);
        NetworkSplit split = start.Split(options.Scope);
        run.Report("Frozen layers");
        float[] inputs = split.TailInputs(images, labels.Length, layout, options.Linearized.BatchSize, cancellation);
        return run.Solve(start, split, inputs, targets);
    }

    /// <summary>States the problem again that a saved model is the optimum of, so that it can be asked.</summary>
    /// <param name="model">As <see cref="Fit"/> made it.</param>
    /// <param name="images">The training images, [n × height × width × channels], or as <paramref name="layout"/> says.</param>
    /// <param name="labels">[n], each in [0, C).</param>
    /// <param name="factors">Of the preconditioner; one random probe by default.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="progress">Stage after stage.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <returns>The problem with the model's solution; dispose of it.</returns>
    /// <exception cref="ArgumentException">The model does not know its λ or α, or the samples do not fit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static FineTuned Restate(
        LinearizedModel model,
        ReadOnlySpan<float> images,
        ReadOnlySpan<int> labels,
        FactorOptions? factors = null,
        ImageLayout layout = ImageLayout.Nhwc,
        IProgress<FineTuneProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!(model.Lambda > 0) || !(model.Alpha > 0)) throw new ArgumentException($"model has λ = {model.Lambda} and α = {model.Alpha}; expected both to be known and positive.", nameof(model));
        var options = new FineTuneOptions { Factors = factors ?? new FactorOptions { Seeds = FactorSeeds.Rademacher }, AllowEmptyClasses = true };
        options.Factors.Validate(nameof(factors));
        if (labels.IsEmpty) throw new ArgumentException("labels is empty; a problem has at least one sample.", nameof(labels));
        Targets targets = model.HeadFromZero
            ? Targets.CenteredOneHot(labels, model.Network.Outputs, model.Alpha, allowEmptyClasses: true)
            : Targets.OneHot(labels, model.Network.Outputs, model.Alpha, allowEmptyClasses: true);
        float[] inputs = model.Split.TailInputs(images, labels.Length, layout, options.Linearized.BatchSize, cancellation);
        return new FineTuneRun(options, progress, cancellation).Restate(model, inputs, targets);
    }

    private static int Classes(Network network, ReadOnlySpan<int> labels, FineTuneOptions options)
    {
        int largest = 0;
        foreach (int label in labels) largest = Math.Max(largest, label);
        int classes = options.Classes ?? (options.Head == HeadStart.Keep ? network.Outputs : checked(largest + 1));
        if (options.Head == HeadStart.Keep && classes != network.Outputs)
        {
            throw new ArgumentException($"Classes is {classes}; the network's own head, which is to be kept, has {network.Outputs} outputs.", nameof(options));
        }
        Check.Labels(labels, classes, nameof(labels));
        return classes;
    }
}
