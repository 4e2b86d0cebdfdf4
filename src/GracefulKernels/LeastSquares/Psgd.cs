namespace GracefulKernels;

/// <summary>
/// Preconditioned stochastic gradient descent, the paper's solver: <c>v ← μv + P⁻¹∇_B L</c>, <c>d ← d − ηv</c>. The samples are shuffled once by the seed and cut
/// in batches, whose primal states are kept as memory allows; every epoch takes the batches in a new order. The gradient of a batch is
/// <c>(m/n)·J_Bᵀ(s∘r) + λd</c> with m batches: without bias also where the last is smaller.
/// </summary>
public static class Psgd
{
    /// <summary>Solves <paramref name="problem"/> from d = 0.</summary>
    /// <param name="problem">Not changed.</param>
    /// <param name="options">Learning rate, batches and budget.</param>
    /// <param name="preconditioner">Fixed and positive definite; none is the identity.</param>
    /// <param name="progress">After each epoch, and once at the start.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The preconditioner belongs to another network.</exception>
    /// <exception cref="DivergenceException">The loss is not finite or a hundred times that of the start; the message names the learning rate.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or one of another run; the message says in what that differs.</exception>
    /// <exception cref="IOException">The first checkpoint cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the problem is as before.</exception>
    public static SolverResult Solve(
        LinearQuadraticProblem problem,
        PsgdOptions? options = null,
        Preconditioner? preconditioner = null,
        IProgress<SolverProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        options ??= new PsgdOptions();
        options.Validate(nameof(options));
        problem.Expect(preconditioner);
        RunFingerprint? print = options.Checkpoint is null ? null : RunFingerprint.Of(problem, preconditioner);
        int[] order = LinearizedSgdRun.Order(problem.Network, options);
        using LinearizedNetwork network = LinearizedSgdRun.Shuffle(problem.Network, order, options, cancellation);
        using var loss = new SquaredBatchLoss(problem, order);
        using var run = new LinearizedSgdRun("P-SGD", network, loss, problem.Lambda, options, preconditioner, print, progress, cancellation);
        return run.Solve();
    }
}
