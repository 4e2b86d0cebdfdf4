namespace GracefulKernels;

/// <summary>Where a training stands.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean of the objective over the epoch, each batch at its own weights; without weight decay. Cross-entropy is in nats.</param>
/// <param name="Elapsed">Since the training began; a run that goes on from a checkpoint counts the time before it too.</param>
public readonly record struct TrainingProgress(int Epoch, double Loss, TimeSpan Elapsed)
{
    /// <summary>Time to the last epoch, at the seconds that the later half of the epochs took.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Of the old model → this one on the training samples over the epoch, each batch at its own weights; null where the objective has no old model.</summary>
    public FlipCounts? Flips { get; init; }

    /// <summary>Why the last checkpoint could not be written; null where it could, or none was due. The one before it stays.</summary>
    public string? CheckpointFailure { get; init; }
}
