using System.Diagnostics;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>One learning rate of the baseline.</summary>
/// <param name="Rate">η at the start of its cosine.</param>
/// <param name="HeldBackAccuracy">On the held-back part of the training samples; NaN where it diverged, or nothing was held back.</param>
internal readonly record struct RateTrial(double Rate, double HeldBackAccuracy);

/// <summary>Ordinary fine-tuning: SGD with momentum on cross-entropy, η chosen on a held-back fifth of the training samples, then trained on all.</summary>
internal sealed record BaselineTuning(Network Network, double Rate, IReadOnlyList<RateTrial> Trials, double Seconds)
{
    private static readonly double[] Rates = [0.001, 0.003, 0.01, 0.03];

    /// <summary>Every class keeps at least this part of its samples for training.</summary>
    private const int HeldBackOneIn = 5;

    public static BaselineTuning Run(Network start, LabelledSet training, int epochs, int seed, Action<string, double> report, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        // Cross-entropy wants logits of its own scale: targets of LQF are α = 15 high.
        (int[] kept, int[] held) = Split(training.Labels, seed);
        List<RateTrial> trials = [];
        foreach (double rate in Rates)
        {
            if (held.Length == 0) break;
            (float[] images, int[] labels) = training.Take(kept);
            (float[] heldImages, int[] heldLabels) = training.Take(held);
            Network? tried = Train(start, images, labels, rate, epochs, seed, part => report($"Baseline, η = {rate}", part), cancellation);
            trials.Add(new RateTrial(rate, tried is null ? double.NaN : Accuracy.Of(tried.Predict(heldImages, heldLabels.Length, cancellation: cancellation), heldLabels)));
        }
        double best = trials.Where(t => !double.IsNaN(t.HeldBackAccuracy)).OrderByDescending(t => t.HeldBackAccuracy).ThenBy(t => t.Rate).Select(t => t.Rate).FirstOrDefault(Rates[0]);
        // With all samples a rate that held on a part may diverge after all.
        for (; ; best /= 2)
        {
            Network? network = Train(start, training.Images, training.Labels, best, epochs, seed, part => report($"Baseline, η = {best}", part), cancellation);
            if (network is not null) return new BaselineTuning(network, best, trials, Stopwatch.GetElapsedTime(begun).TotalSeconds);
        }
    }

    private static Network? Train(Network start, float[] images, int[] labels, double rate, int epochs, int seed, Action<double> report, CancellationToken cancellation)
    {
        try
        {
            var progress = new Reports(p => report((double)p.Epoch / epochs));
            return SgdTrainer.Train(
                start, images, labels, new SgdOptions { LearningRate = LearningRate.Cosine(rate), Epochs = epochs, Seed = seed }, progress: progress, cancellation: cancellation);
        }
        catch (DivergenceException)
        {
            return null;
        }
    }

    /// <summary>Every fifth sample of each class, in a random order, is held back; a class of fewer than five keeps all.</summary>
    private static (int[] Kept, int[] Held) Split(int[] labels, int seed)
    {
        int[] order = [.. Enumerable.Range(0, labels.Length)];
        new Random(seed).Shuffle(order);
        var seen = new Dictionary<int, int>();
        List<int> kept = [], held = [];
        foreach (int i in order)
        {
            int count = seen[labels[i]] = seen.GetValueOrDefault(labels[i]) + 1;
            (count % HeldBackOneIn == 0 ? held : kept).Add(i);
        }
        kept.Sort();
        held.Sort();
        return ([.. kept], [.. held]);
    }

    private sealed class Reports(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
