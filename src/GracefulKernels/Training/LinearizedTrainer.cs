namespace GracefulKernels;

/// <summary>
/// Plain linearisation with cross-entropy, the baseline that LQF is measured against (GaF: gradients as features, Mu et al. 2020):
/// <c>L(d) = (1/n) Σ_i CE(f0_i + J_i d, y_i) + (λ/2)‖d‖²</c> by stochastic gradient descent with momentum. Convex, but not quadratic: there is no closed form,
/// no leave-one-out, and the step size is a choice.
/// </summary>
public static class LinearizedTrainer
{
    /// <summary>Trains from d = 0.</summary>
    /// <param name="network">Linearised over the n samples; not changed.</param>
    /// <param name="labels">[n], each in [0, C).</param>
    /// <param name="lambda">λ ≥ 0: weight decay about w0.</param>
    /// <param name="options">Learning rate, batches and budget. The default learning rate is for K-FAC.</param>
    /// <param name="preconditioner">Fixed and positive definite; none is the identity, as in the paper.</param>
    /// <param name="labelSmoothing">ε of cross-entropy, in [0, 1).</param>
    /// <param name="progress">After each epoch, and once at the start.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The labels do not fit, or the preconditioner belongs to another network.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label, λ or ε is out of range.</exception>
    /// <exception cref="DivergenceException">The loss is not finite or a hundred times that of the start or of guessing; the message names the learning rate.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or one of another run; the message says in what that differs.</exception>
    /// <exception cref="IOException">The first checkpoint cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the network is as before.</exception>
    public static SolverResult Train(
        LinearizedNetwork network,
        ReadOnlySpan<int> labels,
        double lambda,
        PsgdOptions? options = null,
        Preconditioner? preconditioner = null,
        double labelSmoothing = 0,
        IProgress<SolverProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new PsgdOptions();
        options.Validate(nameof(options));
        Check.Length(labels.Length, network.Samples, nameof(labels), "samples of the network");
        Check.Labels(labels, network.Outputs, nameof(labels));
        Check.NonNegative(lambda, nameof(lambda));
        if (!(labelSmoothing >= 0 && labelSmoothing < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, $"labelSmoothing is {labelSmoothing}; expected a number in [0, 1).");
        }
        preconditioner?.Expect(network.Network, nameof(preconditioner));
        RunFingerprint? print = null;
        if (options.Checkpoint is not null)
        {
            print = RunFingerprint.Of(network);
            print.Add("λ", lambda);
            print.Add("labels", labels);
            print.Add("label smoothing", labelSmoothing);
            print.Add("preconditioner", preconditioner);
        }
        int[] order = LinearizedSgdRun.Order(network, options), shuffled = new int[labels.Length];
        for (int i = 0; i < order.Length; i++) shuffled[i] = labels[order[i]];
        using LinearizedNetwork reordered = LinearizedSgdRun.Shuffle(network, order, options, cancellation);
        using var loss = new CrossEntropyBatchLoss(network.Kernels, shuffled, network.Outputs, labelSmoothing);
        using var run = new LinearizedSgdRun("Training by cross-entropy", reordered, loss, lambda, options, preconditioner, print, progress, cancellation);
        return run.Solve();
    }
}
