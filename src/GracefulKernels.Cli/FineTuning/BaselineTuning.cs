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

    /// <summary>Few samples make short epochs: the baseline has at least so many steps of so many samples.</summary>
    private const int LeastSteps = 300, Batch = 16;

    /// <summary>A rate that held on a part of the samples is halved so often at most where it diverges on all.</summary>
    private const int Halvings = 10;

    /// <summary>Every class keeps at least this part of its samples for training.</summary>
    private const int HeldBackOneIn = 5;

    /// <summary>
    /// Where fine-tuning begins: from the network that LQF begins from, but with a head fitted to logits of size 1. One fitted to targets of α = 15 has next to no cross-entropy
    /// left to learn from.
    /// </summary>
    public static Network Start(Network network, FineTuned tuned, FineTuneOptions options, LabelledSet training, CancellationToken cancellation)
    {
        if (options.Head != HeadStart.Ridge) return tuned.Start;
        var ridge = new RidgeHeadOptions { Alpha = 1, AllowEmptyClasses = options.AllowEmptyClasses };
        return network.With(options.BatchNorm).WithRidgeHead(training.Images, training.Labels, tuned.Start.Outputs, ridge, cancellation: cancellation).Network;
    }

    /// <exception cref="DivergenceException">It diverged at every rate.</exception>
    public static BaselineTuning Run(Network start, LabelledSet training, int epochs, int seed, Action<string, double> report, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        (int[] kept, int[] held) = Split(training.Labels, seed);
        List<RateTrial> trials = [];
        foreach (double rate in Rates)
        {
            if (held.Length == 0) break;
            (float[] images, int[] labels) = training.Take(kept);
            (float[] heldImages, int[] heldLabels) = training.Take(held);
            Network? tried = Train(start, images, labels, rate, epochs, seed, part => report($"Baseline, η = {rate}", part), mayDiverge: true, cancellation);
            trials.Add(new RateTrial(rate, tried is null ? double.NaN : Predicted.Accuracy(tried.Predict(heldImages, heldLabels.Length, cancellation: cancellation), heldLabels)));
        }
        double best = trials.Where(t => !double.IsNaN(t.HeldBackAccuracy)).OrderByDescending(t => t.HeldBackAccuracy).ThenBy(t => t.Rate).Select(t => t.Rate).FirstOrDefault(Rates[0]);
        for (int halving = 0; ; halving++, best /= 2)
        {
            bool mayDiverge = halving < Halvings;
            Network? network = Train(start, training.Images, training.Labels, best, epochs, seed, part => report($"Baseline, η = {best}", part), mayDiverge, cancellation);
            if (network is not null) return new BaselineTuning(network, best, trials, Stopwatch.GetElapsedTime(begun).TotalSeconds);
        }
    }

    private static Network? Train(
        Network start, float[] images, int[] labels, double rate, int epochs, int seed, Action<double> report, bool mayDiverge, CancellationToken cancellation)
    {
        try
        {
            int sweeps = Math.Max(epochs, ((LeastSteps * Batch) + labels.Length - 1) / labels.Length);
            var options = new SgdOptions { LearningRate = LearningRate.Cosine(rate), BatchSize = Batch, Epochs = sweeps, Seed = seed };
            return SgdTrainer.Train(start, images, labels, options, progress: new Reports(p => report((double)p.Epoch / sweeps)), cancellation: cancellation);
        }
        catch (DivergenceException) when (mayDiverge)
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
