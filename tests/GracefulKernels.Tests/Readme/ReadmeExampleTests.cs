using System.Runtime.CompilerServices;

namespace GracefulKernels.Tests;

/// <summary>The README's C# blocks are this file's: compiled, run, and compared with what is printed there.</summary>
public class ReadmeExampleTests
{
    [Fact]
    public void FromAnOnnxFileToAnExplainedModel()
    {
        const int n = 30, nTest = 12;
        var random = new Random(2);
        float[] images = Noise(random, n), testImages = Noise(random, nTest);
        int[] labels = [.. Enumerable.Range(0, n).Select(i => i % 3)];
        using var folder = new TemporaryFolder();
        string model = folder.File("network.onnx"), output = folder.File("model");
        ResNets.Cifar(depth: 8).WithRandomWeights(7).SaveOnnx(model);

        // README begins: fine-tuning
        using ComputeDevice device = ComputeDevice.Open("auto");
        Network network = Network.Load(model, new OnnxOptions { Relu = ReluPolicy.Leaky(0.2f) }, device);

        // A head for the new classes, λ by leave-one-out, and the optimum of one convex problem.
        using FineTuned tuned = FineTuner.Fit(network, images, labels);
        float[] outputs = tuned.Model.Predict(testImages, nTest);
        tuned.Model.SaveFolder(output);

        // Why: which training samples speak for the first prediction. And the model without two of them, exactly.
        int predicted = Array.IndexOf(outputs, outputs[..tuned.Start.Outputs].Max());
        foreach (SampleInfluence s in tuned.Dual!.Influence(testImages[..3072], predicted, labels).Supporting(5)) Console.WriteLine($"{s.Sample}: {s.Influence:F3}");
        LinearizedModel without = tuned.ModelOf(tuned.Dual.Remove([3, 17]).Update);
        // README ends: fine-tuning

        Assert.Equal(nTest * 3, outputs.Length);
        Assert.Equal(outputs, LinearizedModel.LoadFolder(output, device).Predict(testImages, nTest));
        Assert.NotEqual(outputs, without.Predict(testImages, nTest));
    }

    [Fact]
    public void StepByStepWithAnOldModel()
    {
        const int n = 24, nTest = 12;
        var random = new Random(1);
        float[] images = Noise(random, n), testImages = Noise(random, nTest);
        using var folder = new TemporaryFolder();
        string weights = folder.File("old.safetensors"), update = folder.File("update.safetensors");
        Network random20 = ResNets.Cifar(depth: 20, slope: 0.01f).WithRandomWeights(7);
        random20.SaveWeights(weights);
        // Every class has a sample, and of the others the old network is right.
        int[] labels = [.. Predictions(images, n).Select((p, i) => i < 10 ? i : p)], testLabels = Predictions(testImages, nTest);

        // README begins: by steps
        using ComputeDevice device = ComputeDevice.Open("auto");
        Network old = ResNets.Cifar(depth: 20, slope: 0.01f, device: device).LoadWeights(weights).FoldBatchNorm();

        // The network as a linear function of its weights, and its curvature: both independent of the labels.
        using var linearized = new LinearizedNetwork(old, images, n);
        KroneckerFactors factors = KroneckerFactors.Compute(linearized);
        using var preconditioner = new KroneckerPreconditioner(factors, damping: 1e-2, old.Parameters, device);

        // Fit the labels and keep what the old network has right: one convex problem, solved to its optimum.
        Targets targets = Targets.PositiveCongruent(labels, old.Predict(images, n), new PositiveCongruentOptions { LambdaPc = 0.5 });
        using var problem = new LinearQuadraticProblem(linearized, targets, lambda: 1e-2);
        SolverResult solution = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-3 }, preconditioner);

        // What the update gained, and what it broke.
        var updated = new LinearizedModel(old, solution.Update);
        FlipCounts flips = FlipCounts.FromLogits(old.Predict(testImages, nTest), updated.Predict(testImages, nTest), testLabels, classes: 10);
        Console.WriteLine($"accuracy {flips.OldAccuracy:P2} -> {flips.NewAccuracy:P2}, NFR {flips.NegativeFlipRate:P2}");
        updated.Save(update);
        // README ends: by steps

        Assert.True(File.Exists(update));
        Assert.True(solution.Loss < solution.History[0].Loss);
        Assert.Equal(nTest, flips.Samples);

        int[] Predictions(float[] x, int samples)
            => [.. random20.Predict(x, samples).Chunk(10).Select(row => Array.IndexOf(row, row.Max()))];
    }

    [Theory]
    [InlineData("fine-tuning")]
    [InlineData("by steps")]
    public void TheReadmePrintsIt(string name)
    {
        string here = Source();
        Assert.SkipUnless(File.Exists(here), "the sources are not here");
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
        string[] lines = File.ReadAllLines(here);
        int first = Array.FindIndex(lines, l => l.Trim() == $"// README begins: {name}"), last = Array.FindIndex(lines, l => l.Trim() == $"// README ends: {name}");
        string block = string.Join('\n', lines[(first + 1)..last].Select(l => l.Length > 8 ? l[8..] : l));
        Assert.Contains($"```csharp\n{block}\n```", File.ReadAllText(Path.Combine(root, "README.md")), StringComparison.Ordinal);
    }

    private static float[] Noise(Random random, int samples) => [.. Enumerable.Range(0, samples * 32 * 32 * 3).Select(_ => (float)((2 * random.NextDouble()) - 1))];

    private static string Source([CallerFilePath] string path = "") => path;
}
