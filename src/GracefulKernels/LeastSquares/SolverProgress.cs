namespace GracefulKernels;

/// <summary>Where a solver stands.</summary>
/// <param name="Iteration">PCG: iterations; P-SGD: epochs. 0 is the start.</param>
/// <param name="Loss">L(d). Between full evaluations of P-SGD the mean over the batches of the epoch, each at its own d.</param>
/// <param name="RelativeGradient">‖∇L(d)‖ / ‖∇L(0)‖; NaN where P-SGD did not evaluate it.</param>
/// <param name="Elapsed">Since the solver began; a run that goes on from a checkpoint counts the time before it too.</param>
public readonly record struct SolverProgress(int Iteration, double Loss, double RelativeGradient, TimeSpan Elapsed)
{
    /// <summary>Estimate of the leave-one-out error in the units of the loss (see <see cref="LeaveOneOutOptions"/>); NaN where it is not followed.</summary>
    public double LeaveOneOut { get; init; } = double.NaN;

    /// <summary>
    /// Estimated time to the tolerance: log ‖∇L‖ fitted by a line over the last half of the iterations, at the seconds an iteration that these took. Null
    /// where the gradient does not fall, or there are fewer than three evaluations.
    /// </summary>
    public TimeSpan? ToTolerance { get; init; }

    /// <summary>Time until iterations or wall time are used up, at the same seconds an iteration. Null at the start.</summary>
    public TimeSpan? ToBudget { get; init; }

    /// <summary>The sooner of <see cref="ToTolerance"/> and <see cref="ToBudget"/>; null where neither is known.</summary>
    public TimeSpan? TimeLeft => ToTolerance is { } t && (ToBudget is not { } b || t < b) ? t : ToBudget;

    /// <summary>Why the last checkpoint could not be written; null where it could, or none was due. The one before it stays.</summary>
    public string? CheckpointFailure { get; init; }
}
