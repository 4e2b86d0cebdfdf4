namespace GracefulKernels.Tests;

/// <summary>Shared weights: what a candidate inherits, what a step changes, and that it learns.</summary>
public abstract class SupernetTests(KernelFamily family)
{
    private const int Classes = 3;

    private static readonly ResidualFamily _networks = ResidualFamilyTests.Small;

    [Fact]
    public void ACandidateIsTheLeadingChannelsOfTheLargest()
    {
        var supernet = new Supernet(_networks, 1, family.Device);
        Network largest = supernet.Inherit(_networks.Largest), small = supernet.Inherit(new ResidualCandidate([1, 2], [2, 3]));
        foreach (ParameterInfo p in small.Parameters.Parameters)
        {
            float[] slice = small.GetTensor(p.Name), whole = largest.GetTensor(p.Name);
            IReadOnlyList<int> shape = largest.Parameters[p.Name].Shape;
            int inputs = p.Shape.Count > 1 ? p.Shape[1] : 1, allInputs = shape.Count > 1 ? shape[1] : 1, taps = p.Shape.Count > 2 ? 9 : 1;
            for (int i = 0; i < slice.Length; i++)
            {
                int tap = i % taps, c = i / taps % inputs, o = i / taps / inputs;
                Assert.Equal(whole[(((o * allInputs) + c) * taps) + tap], slice[i]);
            }
        }
    }

    /// <summary>With room for one candidate alone it is ordinary training by gradient descent, bit for bit but for the place where the velocity is added.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void OfOneCandidateItIsOrdinaryTraining(double smoothing)
    {
        var one = new ResidualFamily(_networks.Input, 5, [[1], [2]], [[2], [3]], 0.1f);
        (float[] images, int[] labels, float[] head) = Data();
        var options = new SupernetOptions { Epochs = 2, BatchSize = 8, Seed = 3, WeightDecay = 1e-3, MaxGradientNorm = 1e9, LearningRate = LearningRate.Constant(0.05), LabelSmoothing = smoothing };
        var supernet = new Supernet(one, 1, family.Device);
        Network start = one.Build(one.Largest, 1, family.Device).ThroughFrozenHead(Classes, head);
        var reports = new Reports<TrainingProgress>();
        supernet.Train(images, labels, Classes, head, options: options, progress: reports);
        var ordinary = new Reports<TrainingProgress>();
        Network trained = SgdTrainer.Train(
            start, images, TrainingObjective.CrossEntropy(labels, smoothing), new SgdOptions { Epochs = 2, BatchSize = 8, Seed = 3, WeightDecay = 1e-3, LearningRate = LearningRate.Constant(0.05) }, progress: ordinary);
        using ParameterVector expected = trained.GetWeights(), actual = supernet.Inherit(one.Largest).GetWeights();
        // The same steps, rounded in another order.
        Tolerance.AssertRelativeNorm([.. expected.ToArray().Select(v => (double)v)], actual.ToArray(), 1e-5, "weights");
        Assert.Equal(ordinary.All.Select(r => r.Loss), reports.All.Select(r => r.Loss), (a, b) => Math.Abs(a - b) < 1e-5 * a);
    }

    [Fact]
    public void WhatNoStepTakesStaysAsItWas()
    {
        var supernet = new Supernet(_networks, 1, family.Device);
        Network before = supernet.Inherit(_networks.Largest);
        (float[] images, int[] labels, float[] head) = Data();
        long smallest = _networks.MultiplyAccumulates(_networks.Smallest);
        supernet.Train(images, labels, Classes, head, options: new SupernetOptions { Epochs = 1, BatchSize = 8, MaxMultiplyAccumulates = smallest });
        Network after = supernet.Inherit(_networks.Largest);
        Assert.NotEqual(before.GetTensor("stem.weight")[..18], after.GetTensor("stem.weight")[..18]);
        // The third channel of the stem, and the second block of a stage, are in no step.
        Tolerance.AssertSameBits(before.GetTensor("stem.weight").AsSpan(36), after.GetTensor("stem.weight").AsSpan(36), "stem");
        Tolerance.AssertSameBits(before.GetTensor("stage1.1.conv1.weight"), after.GetTensor("stage1.1.conv1.weight"), "second block");
    }

    [Fact]
    public void CandidatesLearnToBeReadByTheFrozenClassifier()
    {
        var supernet = new Supernet(_networks, 1, family.Device);
        (float[] images, int[] labels, float[] head) = Data();
        double before = Accuracy(), first = 0;
        var reports = new Reports<TrainingProgress>();
        supernet.Train(images, labels, Classes, head, options: new SupernetOptions { Epochs = family.Fewer(40, 15), BatchSize = 8, LearningRate = LearningRate.Cosine(0.05) }, progress: reports);
        first = reports.All[0].Loss;
        Assert.True(reports.All[^1].Loss < 0.7 * first, $"loss {first} to {reports.All[^1].Loss}");
        double after = Accuracy();
        Assert.True(after > Math.Max(before, 0.6), $"accuracy {before} to {after}");

        // Of the smallest and the largest.
        double Accuracy() => new[] { _networks.Smallest, _networks.Largest }.Average(
            c => Predicted.Accuracy(supernet.Inherit(c).ThroughFrozenHead(Classes, head).Predict(images, labels.Length), labels));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        var supernet = new Supernet(_networks, 1, family.Device);
        (float[] images, int[] labels, float[] head) = Data();
        Refused("expected [3 × k]", () => supernet.Train(images, labels, Classes, head.AsSpan(1)));
        Refused("labels", () => supernet.Train(images, labels, 2, head.AsSpan(0, 10)));
        Refused("images", () => supernet.Train(images.AsSpan(1), labels, Classes, head));
        Refused("labels is empty", () => supernet.Train([], [], Classes, head));
        Refused("the smallest candidate", () => supernet.Train(images, labels, Classes, head, options: new SupernetOptions { MaxMultiplyAccumulates = 1 }));
        Refused("MaxGradientNorm", () => supernet.Train(images, labels, Classes, head, options: new SupernetOptions { MaxGradientNorm = 0 }));
        Refused("LabelSmoothing is 1; expected a number in [0, 1)", () => supernet.Train(images, labels, Classes, head, options: new SupernetOptions { LabelSmoothing = 1 }));
        Refused("LabelSmoothing is NaN", () => supernet.Train(images, labels, Classes, head, options: new SupernetOptions { LabelSmoothing = double.NaN }));
        Refused("not of this family", () => supernet.Inherit(new ResidualCandidate([9, 1], [2, 3])));

        static void Refused(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Three classes of noisy images around a pattern each, and a classifier of embeddings.</summary>
    private static (float[] Images, int[] Labels, float[] Head) Data()
    {
        const int N = 48;
        int size = _networks.Input.Elements;
        float[] noise = RandomNetworks.Normal(N * size, 1), pattern = RandomNetworks.Normal(Classes * size, 2);
        int[] labels = [.. Enumerable.Range(0, N).Select(i => i % Classes)];
        for (int i = 0; i < noise.Length; i++) noise[i] = (0.3f * noise[i]) + pattern[(labels[i / size] * size) + (i % size)];
        return (noise, labels, RandomNetworks.Normal(Classes * 5, 3));
    }
}

public sealed class SupernetTestsOnCpu() : SupernetTests(KernelFamily.Cpu);

public sealed class SupernetTestsOnGpu() : SupernetTests(KernelFamily.Gpu);
