namespace GracefulKernels.Tests;

/// <summary>Ordinary training: it learns, it repeats, and a step is what the formulas say.</summary>
public abstract class SgdTrainerTests(KernelFamily family)
{
    [Fact]
    public void LearnsAndRepeats()
    {
        Network network = RandomNetworks.Get("residual", 1, family.Device);
        float[] images = RandomNetworks.Images(network, 200, 2);
        // The label is the sign pattern of two pixels' sums: something to learn.
        int size = network.InputShape.Elements;
        int[] labels = [.. Enumerable.Range(0, 200).Select(i => images.AsSpan(i * size, size / 2).ToArray().Sum() > 0 ? 1 : 0)];
        int epochs = family.Fewer(25, 16);
        var options = new SgdOptions { Epochs = epochs, BatchSize = 16, LearningRate = LearningRate.Cosine(0.01), Seed = 1 };
        var progress = new Losses();
        Network trained = SgdTrainer.Train(network, images, labels, options, progress: progress);
        Assert.Equal(Enumerable.Range(1, epochs), progress.Reports.Select(r => r.Epoch));
        // Most of the way is made in the last epochs.
        Assert.True(progress.Reports[^1].Loss < (family.IsCpu ? 0.2 : 0.5) * progress.Reports[0].Loss, $"{progress.Reports[0].Loss} → {progress.Reports[^1].Loss}");
        float[] before = network.GetWeights().ToArray(), after = trained.GetWeights().ToArray();
        if (!family.IsCpu)
        {
            options = options with { Epochs = 2 };
            after = SgdTrainer.Train(network, images, labels, options).GetWeights().ToArray();
        }
        Tolerance.AssertSameBits(after, SgdTrainer.Train(network, images, labels, options).GetWeights().ToArray(), "again");
        Assert.NotEqual(after, SgdTrainer.Train(network, images, labels, options with { Seed = 2 }).GetWeights().ToArray());
        Tolerance.AssertSameBits(before, network.GetWeights().ToArray(), "the network it began with");
    }

    /// <summary>Two steps on one batch of a linear classifier, by the formulas in fp64.</summary>
    [Fact]
    public void AStepIsMomentumOnTheGradient()
    {
        var b = new NetworkBuilder(3);
        Network network = b.Build(b.Linear("fc", b.Input, 2, bias: false), family.Device).WithRandomWeights(1);
        float[] x = [1, 2, 3, -1, 0.5f, 2];
        int[] y = [0, 1];
        const double Eta = 0.1, Decay = 0.01;
        double[] w = [.. network.GetTensor("fc.weight").Select(v => (double)v)], velocity = new double[6];
        for (int step = 0; step < 2; step++)
        {
            double[] gradient = [.. w.Select(v => Decay * v)];
            for (int i = 0; i < 2; i++)
            {
                double difference = Enumerable.Range(0, 3).Sum(k => (w[3 + k] - w[k]) * x[(3 * i) + k]), p0 = 1 / (1 + Math.Exp(difference));
                for (int k = 0; k < 3; k++)
                {
                    gradient[k] += (p0 - (y[i] == 0 ? 1 : 0)) * x[(3 * i) + k] / 2;
                    gradient[3 + k] += (1 - p0 - (y[i] == 1 ? 1 : 0)) * x[(3 * i) + k] / 2;
                }
            }
            for (int k = 0; k < 6; k++) w[k] -= Eta * (velocity[k] = (0.9 * velocity[k]) + gradient[k]);
        }
        Network trained = SgdTrainer.Train(
            network, x, y, new SgdOptions { Epochs = 2, BatchSize = 2, WeightDecay = Decay, LearningRate = LearningRate.Constant(Eta) });
        // A handful of fp32 roundings of numbers near 1.
        Tolerance.AssertClose(w, trained.GetTensor("fc.weight"), 0, 1e-6, "weight");
    }

    [Fact]
    public void KeptNormalisationsAreTrainedAtFrozenStatistics()
    {
        Network network = RandomNetworks.Get("kept", 1, family.Device);
        float[] images = RandomNetworks.Images(network, 30, 2);
        int[] labels = [.. Enumerable.Range(0, 30).Select(i => i % 3)];
        var progress = new Losses();
        Network trained = SgdTrainer.Train(
            network, images, labels, new SgdOptions { Epochs = 30, BatchSize = 30, LearningRate = LearningRate.Constant(0.01) }, progress: progress);
        Assert.True(progress.Reports[^1].Loss < 0.8 * progress.Reports[0].Loss);
        Assert.Equal(network.GetTensor("bn1.running_var"), trained.GetTensor("bn1.running_var"));
        Assert.NotEqual(network.GetTensor("bn1.weight"), trained.GetTensor("bn1.weight"));
    }

    /// <summary>Kept normalisation: its coefficients are derived from the weights that a checkpoint puts back.</summary>
    [Fact]
    public void ACancelledTrainingGoesOnToTheSameBits()
    {
        using TemporaryFolder folder = new();
        Network network = RandomNetworks.Get("kept", 1, family.Device);
        float[] images = RandomNetworks.Images(network, 30, 2);
        int[] labels = [.. Enumerable.Range(0, 30).Select(i => i % 3)];
        var options = new SgdOptions { Epochs = 7, BatchSize = 8, LearningRate = LearningRate.Cosine(0.01), Seed = 3 };
        var whole = new Losses();
        float[] expected = SgdTrainer.Train(network, images, labels, options, progress: whole).GetWeights().ToArray();
        SgdOptions kept = options with { Checkpoint = new() { Path = folder.File("run"), Every = 2 } };
        using var source = new CancellationTokenSource();
        var progress = new Reports<TrainingProgress>(p =>
        {
            if (p.Epoch == 3) source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => SgdTrainer.Train(network, images, labels, kept, progress: progress, cancellation: source.Token));
        var rest = new Reports<TrainingProgress>();
        Tolerance.AssertSameBits(expected, SgdTrainer.Train(network, images, labels, kept, progress: rest).GetWeights().ToArray(), "weights");
        Assert.Equal([3, 4, 5, 6, 7], rest.All.Select(p => p.Epoch));
        Assert.Equal(whole.Reports.Skip(2).Select(p => p.Loss), rest.All.Select(p => p.Loss));
        Assert.Equal(TimeSpan.Zero, rest.All[^1].TimeLeft);
        Tolerance.AssertSameBits(expected, SgdTrainer.Train(network, images, labels, kept).GetWeights().ToArray(), "from its end");
        labels[0] = 2;
        Assert.Contains(
            "differs in: labels, momentum (0.9 there, 0.8 here).",
            Assert.Throws<InvalidDataException>(() => SgdTrainer.Train(network, images, labels, kept with { Momentum = 0.8 })).Message, StringComparison.Ordinal);
    }

    private sealed class Losses : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Reports { get; } = [];

        public void Report(TrainingProgress value) => Reports.Add(value);
    }
}

public sealed class SgdTrainerTestsOnCpu() : SgdTrainerTests(KernelFamily.Cpu);

public sealed class SgdTrainerTestsOnGpu() : SgdTrainerTests(KernelFamily.Gpu);
