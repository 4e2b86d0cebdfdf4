namespace GracefulKernels.Tests;

/// <summary>Backward-compatible training: a step follows the gradient of both cross-entropies, written out in fp64.</summary>
public abstract class InfluenceObjectiveTests(KernelFamily family)
{
    private const int Samples = 7, OldClasses = 3;

    private static readonly int[] _labels = [0, 3, 1, 2, 2, 0, 3];

    /// <summary>Old class 0 is new class 2, old class 1 is gone, old class 2 is new class 0: new classes 1 and 3 are unknown to the old model.</summary>
    private static readonly ClassMap _map = new([2, -1, 0], 4);

    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(0.7, 0.0)]
    [InlineData(1.0, 0.1)]
    public void AStepFollowsTheGradientOfBothHeads(double lambda, double smoothing)
    {
        Network network = Frozen(out float[] images);
        float[] outputs = network.Predict(images, Samples);
        (double loss, float[] seeds) = Naive(outputs, lambda, smoothing);
        using var linear = new LinearizedNetwork(network, images, Samples);
        using ParameterVector gradient = linear.Vjp(seeds), before = network.GetWeights();
        const double Eta = 0.125;
        var progress = new Reports<TrainingProgress>();
        var options = new SgdOptions { Epochs = 1, BatchSize = Samples, WeightDecay = 0, LearningRate = LearningRate.Constant(Eta) };
        Network trained = SgdTrainer.Train(network, images, TrainingObjective.Influence(_labels, _map, lambda, smoothing), options, progress: progress);
        using ParameterVector after = trained.GetWeights();
        double[] step = [.. before.ToArray().Zip(after.ToArray(), (a, b) => ((double)a - b) / Eta)];
        // The seeds agree to roundings of fp32; w − ηg is rounded at the size of w, which the difference of two such shows.
        double error = Math.Sqrt(step.Zip(gradient.ToArray(), (a, b) => (a - b) * (a - b)).Sum());
        Assert.InRange(error, 0, (2e-6 * gradient.Norm()) + (6e-8 * before.Norm() / Eta));
        Assert.True(gradient.Norm() > 0.1, "the check would see nothing");
        Assert.Equal(loss, progress.All[0].Loss, 1e-6 * loss);
        Assert.True(trained.HasFrozenHead);
    }

    /// <summary>A long gradient is shortened, a short one is not.</summary>
    [Fact]
    public void AStepIsNoLongerThanAllowed()
    {
        Network network = Frozen(out float[] images);
        using LinearizedNetwork linear = new(network, images, Samples);
        using ParameterVector gradient = linear.Vjp(Naive(network.Predict(images, Samples), 1, 0).Seeds);
        double norm = gradient.Norm();
        Assert.Equal(0.25 * norm, Step(0.25 * norm), 1e-5 * norm);
        Assert.Equal(norm, Step(4 * norm), 1e-5 * norm);

        double Step(double most)
        {
            Network trained = SgdTrainer.Train(
                network, images, TrainingObjective.Influence(_labels, _map),
                new SgdOptions { Epochs = 1, BatchSize = Samples, WeightDecay = 0, LearningRate = LearningRate.Constant(1), MaxGradientNorm = most });
            using ParameterVector before = network.GetWeights(), after = trained.GetWeights();
            return Math.Sqrt(before.ToArray().Zip(after.ToArray(), (a, b) => Math.Pow((double)a - b, 2)).Sum());
        }
    }

    [Fact]
    public void WithoutInfluenceTheOldHeadChangesNothing()
    {
        Network network = Frozen(out float[] images);
        var options = new SgdOptions { Epochs = 2, BatchSize = 3, Seed = 1, LearningRate = LearningRate.Constant(0.02) };
        float[] with = SgdTrainer.Train(network, images, TrainingObjective.Influence(_labels, _map, 0), options).GetWeights().ToArray();
        float[] without = SgdTrainer.Train(network.WithoutFrozenHead(), images, _labels, options).GetWeights().ToArray();
        // Zeros times the old head are added to the gradient of the embedding: the same numbers.
        Tolerance.AssertRelativeNorm([.. without.Select(v => (double)v)], with, 1e-6, "weights");
    }

    [Fact]
    public void TheOldHeadsLossFalls()
    {
        Network network = Frozen(out float[] images);
        var options = new SgdOptions { Epochs = 60, BatchSize = 3, Seed = 1, WeightDecay = 0, LearningRate = LearningRate.Cosine(0.02) };
        double start = OldLoss(network), with = OldLoss(Train(1)), without = OldLoss(Train(0));
        Assert.True(with < 0.5 * start && with < 0.5 * without, $"{start} to {with} with influence, {without} without");

        Network Train(double lambda) => SgdTrainer.Train(network, images, TrainingObjective.Influence(_labels, _map, lambda), options);

        double OldLoss(Network of)
        {
            float[] outputs = of.Predict(images, Samples);
            return Naive(outputs, 1, 0).Loss - Naive(outputs, 0, 0).Loss;
        }
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Network network = Frozen(out float[] images);
        Refused("labels[1] is 4", () => TrainingObjective.Influence([0, 4], _map));
        Refused("lambda is -1", () => TrainingObjective.Influence(_labels, _map, -1));
        Refused("labelSmoothing is 1", () => TrainingObjective.Influence(_labels, _map, 1, 1));
        Refused("No sample has a class", () => TrainingObjective.Influence([1, 3, 1], _map));
        Refused("map has 4 new and 2 old classes; expected as many as the network has outputs, 7", () => SgdTrainer.Train(network, images, TrainingObjective.Influence(_labels, ClassMap.Grown(2, 4))));
        using TemporaryFolder folder = new();
        var options = new SgdOptions { Epochs = 1, Checkpoint = new() { Path = folder.File("run") } };
        SgdTrainer.Train(network, images, TrainingObjective.Influence(_labels, _map), options);
        Assert.Contains("λ", Assert.Throws<InvalidDataException>(() => SgdTrainer.Train(network, images, TrainingObjective.Influence(_labels, _map, 2), options)).Message, StringComparison.Ordinal);

        static void Refused(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    /// <summary>Mean over all samples of both terms, and its gradient with respect to the outputs.</summary>
    private static (double Loss, float[] Seeds) Naive(float[] outputs, double lambda, double smoothing)
    {
        int own = _map.NewClasses, width = own + OldClasses;
        double loss = 0;
        float[] seeds = new float[outputs.Length];
        for (int i = 0; i < Samples; i++)
        {
            Head(i, 0, own, _labels[i], 1);
            int old = _map.OldOfNew[_labels[i]];
            if (old >= 0) Head(i, own, OldClasses, old, lambda);
        }
        return (loss, seeds);

        void Head(int sample, int first, int classes, int label, double weight)
        {
            double[] z = [.. outputs.AsSpan((sample * width) + first, classes).ToArray().Select(v => (double)v)];
            double max = z.Max(), sum = z.Sum(v => Math.Exp(v - max)), log = max + Math.Log(sum);
            for (int c = 0; c < classes; c++)
            {
                double target = (smoothing / classes) + (c == label ? 1 - smoothing : 0);
                loss += weight * target * (log - z[c]) / Samples;
                seeds[(sample * width) + first + c] = (float)(weight * (Math.Exp(z[c] - log) - target) / Samples);
            }
        }
    }

    private Network Frozen(out float[] images)
    {
        Network network = RandomNetworks.Get("residual", 3, family.Device);
        images = RandomNetworks.Images(network, Samples, 1);
        return network.WithFrozenHead(OldClasses, RandomNetworks.Normal(OldClasses * 6, 5), RandomNetworks.Normal(OldClasses, 6));
    }
}

public sealed class InfluenceObjectiveTestsOnCpu() : InfluenceObjectiveTests(KernelFamily.Cpu);

public sealed class InfluenceObjectiveTestsOnGpu() : InfluenceObjectiveTests(KernelFamily.Gpu);
