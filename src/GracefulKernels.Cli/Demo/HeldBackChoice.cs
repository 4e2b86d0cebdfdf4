namespace GracefulKernels.Cli.Demo;

/// <summary>A hyperparameter chosen on held-back training data: each fold judged by updates that were trained without it, counts summed over the folds.</summary>
/// <param name="Trials">What was tried, ascending.</param>
/// <param name="Chosen">The value taken.</param>
internal sealed record HeldBackChoice(IReadOnlyList<HeldBackChoice.Trial> Trials, double Chosen)
{
    /// <summary>One value and its flips of v1 → update on the held-back samples.</summary>
    public readonly record struct Trial(double Value, FlipCounts HeldBack);

    /// <summary>The value with the best held-back accuracy; the smallest among equals.</summary>
    public static HeldBackChoice MostAccurate(IReadOnlyList<Trial> trials) => new(trials, trials.MaxBy(t => t.HeldBack.NewRight).Value);

    /// <summary>
    /// The largest value whose held-back accuracy is at most <paramref name="allowance"/> below that of the first, which is 0. Negative flips themselves are too few in
    /// the training data to choose by; that they fall as the pull towards the old model grows is known beforehand, what it costs in accuracy is not.
    /// </summary>
    public static HeldBackChoice LargestWithin(IReadOnlyList<Trial> trials, double allowance)
    {
        // Half a sample of slack: an allowance that is a whole number of samples counts as within.
        double least = trials[0].HeldBack.NewRight - (allowance * trials[0].HeldBack.Samples) - 0.5;
        return new(trials, trials.Last(t => t.HeldBack.NewRight > least).Value);
    }
}
