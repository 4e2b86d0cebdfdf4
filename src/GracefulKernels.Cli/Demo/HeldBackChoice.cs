namespace GracefulKernels.Cli.Demo;

/// <summary>A hyperparameter chosen on held-back training data: counts and losses of updates on samples that were new to them and to v1, summed over the old models.</summary>
/// <param name="Trials">What was tried, ascending.</param>
/// <param name="Chosen">The value taken.</param>
internal sealed record HeldBackChoice(IReadOnlyList<HeldBackChoice.Trial> Trials, double Chosen)
{
    /// <summary>One value.</summary>
    /// <param name="Value">The hyperparameter.</param>
    /// <param name="HeldBack">Flips of v1 → update on the held-back samples.</param>
    /// <param name="Loss">Sum of the update's own loss over them.</param>
    public readonly record struct Trial(double Value, FlipCounts HeldBack = default, double Loss = 0);

    /// <summary>The value with the best held-back accuracy; of equals the one with the smaller loss.</summary>
    public static HeldBackChoice MostAccurate(IReadOnlyList<Trial> trials)
        => new(trials, trials.OrderByDescending(t => t.HeldBack.NewRight).ThenBy(t => t.Loss).First().Value);

    /// <summary>
    /// The largest value whose held-back accuracy is at most <paramref name="margin"/> below that of the first, which is 0. Negative flips themselves are too few in
    /// the training data to choose by: that they fall as the pull towards the old model grows is known beforehand, what it costs in accuracy is not.
    /// </summary>
    public static HeldBackChoice LargestWithin(IReadOnlyList<Trial> trials, double margin)
    {
        long most = (long)Math.Floor((margin * trials[0].HeldBack.Samples) + 1e-9);
        return new(trials, trials.Last(t => trials[0].HeldBack.NewRight - t.HeldBack.NewRight <= most).Value);
    }
}
