using GracefulKernels.Experiments.BackwardCompatible;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Heterogeneous;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Tests.Experiments;

/// <summary>What the experiments of compatible embeddings are made of.</summary>
public sealed class CompatibilityExperimentTests
{
    [Fact]
    public void TheOldModelSeesHalf()
    {
        LabelledImages train = Colours(40, 1);
        OldData classes = OldData.HalfOfTheClasses(train), images = OldData.HalfOfTheImages(train);
        Assert.Equal([.. Enumerable.Range(0, 20).Select(i => i % 5)], classes.Train.Labels);
        Assert.Equal((5, 10, 5), (classes.Map.OldClasses, classes.Map.NewClasses, classes.Map.Shared));
        Assert.Equal(train.Labels[..20], images.Train.Labels);
        Assert.True(images.Map.IsIdentity);
        Assert.Equal(train.Images[(10 * LabelledImages.Elements)..(11 * LabelledImages.Elements)], classes.Train.Images[(5 * LabelledImages.Elements)..(6 * LabelledImages.Elements)]);
    }

    [Fact]
    public void QueriesFindTheirClass()
    {
        RetrievalTask task = RetrievalTask.Cut(Colours(40, 2), 10);
        Assert.Equal((10, 30), (task.Queries.Count, task.Gallery.Count));
        ModelEmbeddings right = task.Embed("right", OneHot), narrow = task.Embed("narrow", images => [.. images.Labels.Select(l => l == 0 ? 1f : -1f)]);
        Assert.Equal(new RetrievalScores(100, 100), task.Measure(right, right, ComputeDevice.Default));
        // One column beside nine of zeros: class 0 is found, the others see a tie of nine classes, lowest index first.
        RetrievalScores cross = task.Measure(narrow, right, ComputeDevice.Default);
        Assert.InRange(cross.Recall, 10, 20);

        static float[] OneHot(LabelledImages images)
        {
            float[] rows = new float[images.Count * 10];
            for (int i = 0; i < images.Count; i++) rows[(i * 10) + images.Labels[i]] = 1;
            return rows;
        }
    }

    /// <summary>Colours, which a small network tells apart: the influence loss makes the new embedding readable by the old head.</summary>
    [Fact]
    public void EveryWayToANewModelRuns()
    {
        LabelledImages train = Colours(80, 3);
        Network pretrained = ResNets.Cifar(14, device: ComputeDevice.Cpu(threads: 1)).WithRandomWeights(1);
        BctModels models = BctModels.Create(pretrained, OldData.HalfOfTheClasses(train), train, epochs: 4);
        Network plain = models.Unconstrained(fromOld: false), compatible = models.Compatible(models.OldHead, lambda: 1, fromOld: true);
        Assert.Equal((10, 10, false), (plain.Outputs, compatible.Outputs, compatible.HasFrozenHead));
        Assert.True(OldLoss(compatible) < OldLoss(plain));
        LinearizedModel linear = models.Linear(models.HeadForAllClasses(), lambdaBct: 1);
        Assert.Equal(train.Count * 9, linear.Features(train.Images, train.Count).Length);
        linear.Update.Dispose();

        double OldLoss(Network network)
        {
            float[] logits = network.WithFrozenHead(5, models.Old.GetTensor("linear.weight")).Predict(train.Images, train.Count);
            return Enumerable.Range(0, train.Count).Where(i => train.Labels[i] < 5).Sum(i =>
            {
                double[] z = [.. logits.AsSpan((i * 15) + 10, 5).ToArray().Select(v => (double)v)];
                return Math.Log(z.Sum(v => Math.Exp(v - z.Max()))) + z.Max() - z[train.Labels[i]];
            });
        }
    }

    [Fact]
    public void WhatIsDesignedByHandIsWithinTheBudget()
    {
        var family = new ResidualFamily(LabelledImages.Input, 64, [[1, 2, 3], [1, 2, 3], [1, 2, 3]], [[4, 6], [8, 12], [16, 24]]);
        Assert.All(HvsSetting.ByHand, c => Assert.InRange(family.MultiplyAccumulates(c), 1, HvsSetting.Budget));
    }

    /// <summary>One colour a class, with some noise.</summary>
    private static LabelledImages Colours(int count, int seed)
    {
        Random random = new(seed);
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % 10)];
        float[] images = new float[count * LabelledImages.Elements];
        for (int i = 0; i < images.Length; i++)
        {
            int label = labels[i / LabelledImages.Elements], channel = i % 3;
            images[i] = (float)((((label + (channel * 3)) % 10 / 5.0) - 1) + (0.2 * (random.NextDouble() - 0.5)));
        }
        return new LabelledImages(images, labels);
    }
}
