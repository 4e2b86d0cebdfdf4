using System.Reflection;

namespace GracefulKernels.Tests;

/// <summary>Training by an objective: the short form is cross-entropy, the positive-congruent one steps along the gradient of its loss, and what does not fit is refused.</summary>
public abstract class TrainingObjectiveTests(KernelFamily family)
{
    private const int Samples = 6, Inputs = 3, Classes = 4;

    private static readonly int[] _labels = [0, 3, 1, 2, 2, 0];

    [Fact]
    public void CrossEntropyIsTheShortForm()
    {
        Network network = Classifier();
        float[] x = Numbers(Samples * Inputs, 1);
        var options = new SgdOptions { Epochs = 3, BatchSize = 4, Seed = 1 };
        Tolerance.AssertSameBits(
            SgdTrainer.Train(network, x, _labels, options with { LabelSmoothing = 0.1 }).GetWeights().ToArray(),
            SgdTrainer.Train(network, x, TrainingObjective.CrossEntropy(_labels, 0.1), options).GetWeights().ToArray(),
            "weights");
    }

    /// <summary>Nothing pulls where λ = 0, and the flips are counted all the same.</summary>
    [Fact]
    public void WithoutWeightOfTheDistanceItIsCrossEntropy()
    {
        Network network = Classifier();
        float[] x = Numbers(Samples * Inputs, 1), old = Numbers(Samples * Classes, 2);
        var options = new SgdOptions { Epochs = 3, BatchSize = 4, Seed = 1 };
        var plain = new Reports<TrainingProgress>();
        var congruent = new Reports<TrainingProgress>();
        Tolerance.AssertSameBits(
            SgdTrainer.Train(network, x, _labels, options, progress: plain).GetWeights().ToArray(),
            SgdTrainer.Train(network, x, TrainingObjective.PositiveCongruent(_labels, old, new() { DistanceWeight = 0 }), options, progress: congruent).GetWeights().ToArray(),
            "weights");
        // Means of batches are taken apart again: one rounding of fp64 each.
        for (int i = 0; i < 3; i++) Assert.Equal(plain.All[i].Loss, congruent.All[i].Loss, 1e-14);
        Assert.All(plain.All, p => Assert.Null(p.Flips));
        Assert.All(congruent.All, p => Assert.Equal(Samples, p.Flips!.Value.Samples));
        // The first step's logits are those of the network it began with.
        Assert.Equal(
            FlipCounts.FromLogits(old, network.Predict(x, Samples), _labels, Classes),
            First(network, x, TrainingObjective.PositiveCongruent(_labels, old), 1e-30).Flips);
    }

    /// <summary>One step of gradient descent on everything, by the gradient that the loss itself gives (tested against fp64 on its own).</summary>
    [Theory]
    [InlineData(CongruenceDistance.KlOldNew)]
    [InlineData(CongruenceDistance.LogitMatching)]
    [InlineData(CongruenceDistance.Naive)]
    [InlineData(CongruenceDistance.LogitDifference)]
    public void AStepFollowsTheGradientOfTheLoss(CongruenceDistance distance)
    {
        Network network = Classifier();
        float[] x = Numbers(Samples * Inputs, 1), old = Numbers(Samples * Classes, 2);
        int[] labels = [.. _labels];
        labels[1] = -100;
        var congruence = new CongruenceOptions { Distance = distance, DistanceWeight = 0.7f, Temperature = distance == CongruenceDistance.KlOldNew ? 2 : 1 };
        const double Eta = 0.25;
        Network trained = SgdTrainer.Train(
            network, x, TrainingObjective.PositiveCongruent(labels, old, congruence),
            new SgdOptions { Epochs = 1, BatchSize = Samples, WeightDecay = 0, LearningRate = LearningRate.Constant(Eta) });
        float[] logits = network.Predict(x, Samples), gradient = new float[logits.Length];
        CongruenceLoss.Evaluate(logits, old, labels, Classes, congruence, gradient);
        float[] before = network.GetTensor("fc.weight"), after = trained.GetTensor("fc.weight");
        for (int c = 0; c < Classes; c++)
        {
            for (int k = 0; k < Inputs; k++)
            {
                double g = Enumerable.Range(0, Samples).Sum(i => (double)gradient[(i * Classes) + c] * x[(i * Inputs) + k]);
                // fp32 roundings of numbers of size 1.
                Assert.Equal(before[(c * Inputs) + k] - (Eta * g), after[(c * Inputs) + k], 2e-6);
            }
        }
        // The loss of the first epoch is that of the start.
        Assert.Equal(
            CongruenceLoss.Evaluate(logits, old, labels, Classes, congruence).Loss,
            First(network, x, TrainingObjective.PositiveCongruent(labels, old, congruence), 1e-30).Loss, 1e-6);
    }

    /// <summary>Old classes that are others, and an order of the classes that a third model gives: the step is along the gradient that the loss has with them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ClassMapsAndReferencesComeThrough(bool mapped)
    {
        Network network = Classifier();
        // Three old classes: new 2, one that is gone, new 0.
        ClassMap? map = mapped ? new ClassMap([2, -1, 0], Classes) : null;
        int oldClasses = map?.OldClasses ?? Classes;
        float[] x = Numbers(Samples * Inputs, 1), old = Numbers(Samples * oldClasses, 2), reference = Numbers(Samples * Classes, 4);
        int[] labels = [.. _labels];
        labels[4] = -100;
        var options = new CongruenceOptions { Distance = CongruenceDistance.LogitDifference, RankBy = RankBy.Reference, TopK = 2 };
        const double Eta = 0.1;
        var progress = new Reports<TrainingProgress>();
        Network trained = SgdTrainer.Train(
            network, x, TrainingObjective.PositiveCongruent(labels, old, options, map, reference),
            new SgdOptions { Epochs = 1, BatchSize = Samples, WeightDecay = 0, LearningRate = LearningRate.Constant(Eta) }, progress: progress);
        float[] logits = network.Predict(x, Samples), gradient = new float[logits.Length];
        CongruenceResult expected = CongruenceLoss.Evaluate(logits, old, labels, Classes, options, gradient, referenceLogits: reference, classMap: map);
        float[] before = network.GetTensor("fc.weight"), after = trained.GetTensor("fc.weight");
        for (int c = 0; c < Classes; c++)
        {
            for (int k = 0; k < Inputs; k++)
            {
                double g = Enumerable.Range(0, Samples).Sum(i => (double)gradient[(i * Classes) + c] * x[(i * Inputs) + k]);
                // fp32 roundings of gradients of size 10.
                Assert.Equal(before[(c * Inputs) + k] - (Eta * g), after[(c * Inputs) + k], 1e-5);
            }
        }
        Assert.Equal(expected.Loss, progress.All[0].Loss, 1e-4);
        Assert.Equal(expected.Flips, progress.All[0].Flips);
    }

    /// <summary>Batches in which every row is ignored change nothing; the mean is over the rows that count.</summary>
    [Fact]
    public void IgnoredRowsDoNotCount()
    {
        Network network = Classifier();
        float[] x = Numbers(Samples * Inputs, 1), old = Numbers(Samples * Classes, 2);
        int[] one = [-100, -100, 1, -100, -100, -100];
        var options = new SgdOptions { Epochs = 1, BatchSize = 1, WeightDecay = 0, Momentum = 0 };
        var rest = new Reports<TrainingProgress>();
        float[] all = SgdTrainer.Train(network, x, TrainingObjective.PositiveCongruent(one, old), options, progress: rest).GetWeights().ToArray();
        float[] alone = SgdTrainer.Train(
            network, x.AsSpan(2 * Inputs, Inputs), TrainingObjective.PositiveCongruent([1], old.AsSpan(2 * Classes, Classes)), options).GetWeights().ToArray();
        Tolerance.AssertSameBits(alone, all, "weights");
        Assert.Equal(1, rest.All[0].Flips!.Value.Samples);
        Assert.Contains(
            "nothing is left",
            Assert.Throws<ArgumentException>(() => SgdTrainer.Train(network, x.AsSpan(0, Inputs), TrainingObjective.PositiveCongruent([-100], new float[Classes]))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Network network = Classifier();
        float[] x = Numbers(Samples * Inputs, 1), old = Numbers(Samples * Classes, 2);
        Refused("oldLogits has 23 elements; expected [6 × C]", () => TrainingObjective.PositiveCongruent(_labels, old.AsSpan(1)));
        Refused("oldLogits has 24 elements; expected [0 × C]", () => TrainingObjective.PositiveCongruent([], old));
        Refused("oldLogits[5] is NaN", () => TrainingObjective.PositiveCongruent(_labels, [.. old[..5], float.NaN, .. old[6..]]));
        Refused("labelSmoothing is 1", () => TrainingObjective.CrossEntropy(_labels, 1));
        Refused("oldLogits is [6 × 3]; expected [6 × 4]", () => SgdTrainer.Train(network, x, TrainingObjective.PositiveCongruent(_labels, old.AsSpan(0, 18))));
        Refused("classMap is of 5 new classes; expected 4", () => SgdTrainer.Train(network, x, TrainingObjective.PositiveCongruent(_labels, old, null, ClassMap.Grown(4, 5))));
        Refused("oldLogits is [6 × 4]; expected [6 × 3] (columns = old classes", () => SgdTrainer.Train(network, x, TrainingObjective.PositiveCongruent(_labels, old, null, ClassMap.Grown(3, 4))));
        Refused("referenceLogits has 24 elements; expected none", () => TrainingObjective.PositiveCongruent(_labels, old, referenceLogits: old));
        Refused("referenceLogits has 0 elements", () => TrainingObjective.PositiveCongruent(_labels, old, new() { Distance = CongruenceDistance.LogitDifference, RankBy = RankBy.Reference }));
        Refused("labels[1] is 4", () => SgdTrainer.Train(network, x, TrainingObjective.PositiveCongruent([0, 4, 1, 2, 2, 0], old)));
        Refused("labels[1] is -1", () => SgdTrainer.Train(network, x, TrainingObjective.CrossEntropy([0, -1, 1, 2, 2, 0])));
        Refused("images has 18 elements; expected [5 × 3]", () => SgdTrainer.Train(network, x, TrainingObjective.CrossEntropy(_labels.AsSpan(1))));
        Refused("no sample", () => SgdTrainer.Train(network, [], TrainingObjective.CrossEntropy([])));
        Refused("the objective brings its own", () => SgdTrainer.Train(network, x, TrainingObjective.CrossEntropy(_labels), new() { LabelSmoothing = 0.1 }));

        static void Refused(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    /// <summary>Every option of the loss is in the fingerprint: changed, a checkpoint of the other is refused. A new option without a value here fails.</summary>
    [Fact]
    public void ACheckpointIsOfOneObjective()
    {
        using TemporaryFolder folder = new();
        Network network = Classifier();
        float[] x = Numbers(Samples * Inputs, 1), old = Numbers(Samples * Classes, 2);
        var options = new SgdOptions { Epochs = 1, Checkpoint = new() { Path = folder.File("run") } };
        Train(TrainingObjective.PositiveCongruent(_labels, old));
        Train(TrainingObjective.PositiveCongruent(_labels, old));
        Refused("objective", TrainingObjective.CrossEntropy(_labels));
        Refused("old logits", TrainingObjective.PositiveCongruent(_labels, [.. old[1..], 0]));
        foreach (PropertyInfo property in typeof(CongruenceOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            // A training always takes the mean.
            if (property.Name is nameof(CongruenceOptions.Reduction)) continue;
            var changed = new CongruenceOptions();
            object other = property.GetValue(changed) switch
            {
                LabelLoss => LabelLoss.Squared,
                CongruenceDistance => CongruenceDistance.LogitMatching,
                UnknownLabelPolicy => Enum.GetValues<UnknownLabelPolicy>()[^1],
                RankBy => RankBy.New,
                bool value => !value,
                int value => value - 1,
                float value => value + 0.25f,
                _ => throw new InvalidOperationException($"{property.Name} needs another value here."),
            };
            property.SetValue(changed, other);
            Refused("", TrainingObjective.PositiveCongruent(_labels, old, changed));
        }

        void Train(TrainingObjective objective) => SgdTrainer.Train(network, x, objective, options);

        void Refused(string part, TrainingObjective objective)
            => Assert.Contains($"differs in: {part}", Assert.Throws<InvalidDataException>(() => Train(objective)).Message, StringComparison.Ordinal);
    }

    private static float[] Numbers(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (float)new CounterRandom((ulong)seed).Normal((ulong)i))];

    private static TrainingProgress First(Network network, float[] x, TrainingObjective objective, double eta)
    {
        var progress = new Reports<TrainingProgress>();
        SgdTrainer.Train(network, x, objective, new SgdOptions { Epochs = 1, LearningRate = LearningRate.Constant(eta) }, progress: progress);
        return progress.All[0];
    }

    private Network Classifier()
    {
        var b = new NetworkBuilder(Inputs);
        return b.Build(b.Linear("fc", b.Input, Classes), family.Device).WithRandomWeights(1);
    }
}

public sealed class TrainingObjectiveTestsOnCpu() : TrainingObjectiveTests(KernelFamily.Cpu);

public sealed class TrainingObjectiveTestsOnGpu() : TrainingObjectiveTests(KernelFamily.Gpu);
