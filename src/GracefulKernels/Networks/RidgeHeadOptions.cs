namespace GracefulKernels;

/// <summary>How a new head is fitted to frozen features.</summary>
public sealed record RidgeHeadOptions
{
    /// <summary>α, the scale of one-hot targets (LQF §3). Default 15.</summary>
    public double Alpha { get; init; } = 15;

    /// <summary>
    /// λ &gt; 0; <see langword="null"/> chooses it by leave-one-out error among 10⁻⁸, 10⁻⁷·⁵, …, 10 times the mean positive eigenvalue of the covariance of the features. Where
    /// every class has one sample, leave-one-out says nothing: then it is 10⁻² of that eigenvalue.
    /// </summary>
    public double? Lambda { get; init; }

    /// <summary>Whether a class may have no sample; its logit is then fitted to 0. Default: an error that names it.</summary>
    public bool AllowEmptyClasses { get; init; }

    /// <summary>Samples at a time through the frozen layers. Default 128.</summary>
    public int BatchSize { get; init; } = 128;

    internal void Validate(string name)
    {
        _ = Check.Positive(Alpha, name, nameof(Alpha));
        if (Lambda is { } lambda) _ = Check.Positive(lambda, name, nameof(Lambda));
        if (BatchSize <= 0) throw new ArgumentOutOfRangeException(name, BatchSize, $"BatchSize is {BatchSize}; expected at least 1.");
    }
}
