using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Tests.Experiments;

/// <summary>Every method of the experiments on ten colours that a network of random weights tells apart: a run of their code, not of their worth.</summary>
public sealed class ExperimentMethodTests
{
    private static readonly Lazy<FewShotTask> Colours = new(() =>
    {
        Network network = ResNets.Cifar(8, device: ComputeDevice.Cpu(threads: 1)).WithRandomWeights(1);
        return new FewShotTask(network, Draw(20, 1), Draw(20, 2), Shots: 2, Seed: 0, KeepsHead: false);
    });

    [Fact]
    public void LinearMethodsLearnColours()
    {
        FewShotTask task = Colours.Value;
        // Guessing is wrong in 90 % of 20 images: 60 % or fewer come of it with a chance below 1e-3.
        Assert.InRange(LinearHead.Run(task, 0.2f).Error, 0, 60);
        Assert.InRange(LinearQuadratic.Run(task, LinearizationScope.All).Error, 0, 60);
        Assert.InRange(LinearQuadratic.Run(task, LinearizationScope.LastBlocks(2)).Error, 0, 60);
        Assert.InRange(Relinearised.Run(task, steps: 2).Error, 0, 60);
    }

    [Fact]
    public void StochasticMethodsRun()
    {
        Assert.InRange(NonlinearFineTuning.Run(Colours.Value, quick: true).Error, 0, 100);
        Assert.InRange(TangentCrossEntropy.Run(Colours.Value, quick: true).Error, 0, 100);
    }

    [Fact]
    public void TheModelWithoutItsHeadBeginsAtZero()
    {
        FewShotTask task = Colours.Value;
        Recipe recipe = Recipe.At(Recipe.FarSlope, task);
        NetworkSplit split = recipe.Network.Split(LinearizationScope.All);
        using var zero = new ParameterVector(split.Tail.Parameters, split.Tail.Device);
        float[] outputs = recipe.Model(split, zero).Predict(task.Test.Images, task.Test.Count), f0 = recipe.Network.Predict(task.Test.Images, task.Test.Count);
        // f0 and its JVP along the head are two sums of 65 fp32 products.
        float largest = f0.Max(MathF.Abs);
        Assert.All(outputs, v => Assert.InRange(v, -1e-4f * largest, 1e-4f * largest));
    }

    /// <summary>Even images of ten colours with noise.</summary>
    internal static LabelledImages Draw(int count, int seed)
    {
        Random random = new(seed);
        float[] rgb = new float[count * LabelledImages.Elements];
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % LabelledImages.Classes)];
        for (int i = 0; i < rgb.Length; i++)
        {
            int label = labels[i / LabelledImages.Elements];
            double shade = 0.2 + (0.2 * ((label >> (i % 3)) & 1)) + (0.2 * ((label * ((i % 3) + 1)) % 4));
            rgb[i] = (float)Math.Clamp(shade + (0.05 * ((2 * random.NextDouble()) - 1)), 0, 1);
        }
        return new LabelledImages(LabelledImages.Normalise(rgb), labels);
    }
}
