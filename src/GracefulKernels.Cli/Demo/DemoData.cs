using GracefulKernels.Cli.Data;

namespace GracefulKernels.Cli.Demo;

/// <summary>
/// The digits as the demo cuts them: one test set that nothing is chosen on, and training samples in folds. The old model of a fold is trained on a part of the
/// other folds, so that its fold is new to it and to what is tried out, as the test set is.
/// </summary>
internal sealed class DemoData
{
    public DemoData(DemoSettings settings)
    {
        Digits all = Digits.All;
        double share = settings.TrainingSamples / (double)all.Count;
        Digits[] parts = all.Split(settings.Seed, share, 1 - share);
        (Training, Test) = (parts[0], parts[1]);
        double[] shares = [.. Enumerable.Repeat(1.0 / settings.Folds, settings.Folds)];
        int[][] folds = Digits.SplitRows(Training.Labels, unchecked(settings.Seed + 1), shares);
        Folds = [.. folds.Select((held, f) => Cut(settings, held, f))];
    }

    /// <summary>What every update is trained on.</summary>
    public Digits Training { get; }

    /// <summary>What the table is counted on.</summary>
    public Digits Test { get; }

    public IReadOnlyList<Fold> Folds { get; }

    private Fold Cut(DemoSettings settings, int[] held, int fold)
    {
        Digits rest = Training.Take([.. Enumerable.Range(0, Training.Count).Except(held)]);
        double share = settings.FirstSamples / (double)rest.Count;
        return new Fold(rest.Split(unchecked(settings.Seed + 2 + fold), share, 1 - share)[0], rest, Training.Take(held));
    }

    /// <param name="First">What v1 is trained on; a part of <paramref name="Rest"/>.</param>
    /// <param name="Rest">The training samples of the other folds.</param>
    /// <param name="Held">The fold.</param>
    public sealed record Fold(Digits First, Digits Rest, Digits Held);
}
