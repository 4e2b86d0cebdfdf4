namespace GracefulKernels.Tests;

/// <summary>The whole way in one call, on digits and a small network with random weights: every solver to the same optimum, and models that come back from files.</summary>
public abstract class FineTunerTests(KernelFamily family)
{
    private const int Samples = 40, Side = 8;

    private static readonly Lazy<(float[] Images, int[] Labels)> Training = new(() => Of(Cli.Data.Digits.All, 0));

    private static readonly Lazy<(float[] Images, int[] Labels)> Held = new(() => Of(Cli.Data.Digits.All, 600));

    [Fact]
    public void EverySolverFindsTheSameOptimum()
    {
        Network network = Small();
        (float[] images, int[] labels) = Training.Value;
        using FineTuned dual = FineTuner.Fit(network, images, labels, new FineTuneOptions { Solver = FineTuneSolver.Dual });
        var fixedLambda = new FineTuneOptions { Lambda = dual.Lambda.Lambda, Solver = FineTuneSolver.Pcg, Pcg = new PcgOptions { Tolerance = 1e-5, MaxIterations = 500 } };
        using FineTuned pcg = FineTuner.Fit(network, images, labels, fixedLambda);
        Assert.NotNull(dual.Dual);
        Assert.Null(pcg.Dual);
        Assert.NotNull(pcg.Solver);
        float[] a = dual.Model.Predict(Held.Value.Images, Samples), b = pcg.Model.Predict(Held.Value.Images, Samples);
        // α = 15 is the scale of the outputs; PCG stopped at a gradient of 1e-5.
        for (int i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 0.02f);
    }

    [Fact]
    public void LambdaIsThatOfTheLeastLeaveOneOutLoss()
    {
        (float[] images, int[] labels) = Training.Value;
        using FineTuned tuned = FineTuner.Fit(Small(), images, labels);
        RegularizationPath path = tuned.Lambda.Path!;
        Assert.Equal(path.Points.Min(p => p.LeaveOneOutLoss), path.Best.LeaveOneOutLoss);
        Assert.Equal(path.Best.Lambda, tuned.Lambda.Lambda);
        // Neither end of the grid: the grid is wide enough.
        Assert.NotEqual(path.Points[0].Lambda, path.Best.Lambda);
        // Left out means left out: the loss of a refit without sample 5, at the same nλ, by the dual's own answer.
        LeaveOneOut left = tuned.Dual!.LeaveOneOut();
        Assert.Equal(path.Best.LeaveOneOutLoss, left.Loss, 1e-6 * left.Loss);
        Removal without = tuned.Dual.Remove([5]);
        float[] refit = tuned.ModelOf(without.Update).Predict(images, Samples);
        float[] f0 = tuned.Problem.Network.F0.ToArray();
        for (int c = 0; c < 10; c++) Assert.Equal(left.Outputs.Span[(5 * 10) + c] - f0[(5 * 10) + c], refit[(5 * 10) + c], 2e-3);
    }

    [Fact]
    public void APartOfTheSamplesChoosesLambdaWhereTheDualIsTooLarge()
    {
        (float[] images, int[] labels) = Training.Value;
        using FineTuned tuned = FineTuner.Fit(Small(), images, labels, new FineTuneOptions { DualRows = 200, Pcg = new PcgOptions { Tolerance = 1e-3, MaxIterations = 300 } });
        Assert.Equal(20, tuned.Lambda.Samples);
        Assert.Equal(tuned.Lambda.Path!.Best.Lambda * 20 / Samples, tuned.Lambda.Lambda, 1e-12);
        Assert.True(tuned.Solver!.Converged);
    }

    [Theory]
    [InlineData("all", true)]
    [InlineData("head", true)]
    [InlineData("blocks", false)]
    public void AModelComesBackFromItsFolder(string scope, bool fromZero)
    {
        (float[] images, int[] labels) = Training.Value;
        var options = new FineTuneOptions
        {
            Scope = scope switch { "head" => LinearizationScope.Head, "blocks" => LinearizationScope.LastBlocks(2), _ => LinearizationScope.All },
            HeadFromZero = fromZero,
            Lambda = 1e-2,
        };
        using FineTuned tuned = FineTuner.Fit(Small(), images, labels, options);
        using var folder = new TemporaryFolder();
        tuned.Model.SaveFolder(folder);
        LinearizedModel loaded = LinearizedModel.LoadFolder(folder, family.Device);
        Assert.Equal(tuned.Model.Predict(Held.Value.Images, Samples), loaded.Predict(Held.Value.Images, Samples));
        Assert.Equal(tuned.Split.Scope, loaded.Split.Scope);
        Assert.Equal(fromZero, loaded.HeadFromZero);
        using FineTuned again = FineTuner.Restate(loaded, images, labels);
        // The problem is the same: the solution is still its optimum, and answers as before.
        InfluenceRanking before = tuned.Dual!.Influence(Input(tuned), 3, labels), after = again.Dual!.Influence(Input(again), 3, labels);
        for (int i = 0; i < Samples; i++) Assert.Equal(before.BySample[i].Influence, after.BySample[i].Influence, 1e-4);

        static float[] Input(FineTuned of) => of.Split.TailInputs(Held.Value.Images.AsSpan(0, Side * Side), 1);
    }

    [Fact]
    public void ViewsOfASampleAreLeftOutTogether()
    {
        (float[] images, int[] labels) = Training.Value;
        var options = new FineTuneOptions { Views = 2, ViewOptions = new AugmentedViewsOptions { Mirror = false, Shift = 1 }, LambdaGrid = [1e-1, 1e-3, 1e-5] };
        using FineTuned tuned = FineTuner.Fit(Small(), images, labels, options);
        Assert.Equal(2 * Samples, tuned.Problem.Network.Samples);
        LeaveOneOut together = tuned.Dual!.LeaveOneOut([.. Enumerable.Range(0, 2 * Samples).Select(r => r / 2)]), alone = tuned.Dual.LeaveOneOut();
        Assert.Equal(together.Loss, tuned.Lambda.Path!.Best.LeaveOneOutLoss, 1e-6 * together.Loss);
        // The other view of a sample gives it away.
        Assert.True(alone.Loss < together.Loss);
    }

    [Fact]
    public void LinearisingAgainLowersTheLossOfTheNonlinearNetwork()
    {
        (float[] images, int[] labels) = Training.Value;
        var options = new FineTuneOptions { Relinearize = 2, Lambda = 1e-1, Pcg = new PcgOptions { Tolerance = 1e-2, MaxIterations = 100 } };
        using FineTuned tuned = FineTuner.Fit(Small(), images, labels, options);
        Assert.Equal(2, tuned.Steps.Count);
        Assert.True(tuned.Steps[0].Moved);
        Assert.True(tuned.Steps[1].StartLoss < tuned.Steps[0].StartLoss);
        Assert.Equal(tuned.Steps[1].LinearAccuracy, Right(tuned.Model.Predict(images, Samples), labels), 1e-9);
    }

    [Fact]
    public void AnUpdateOfAnotherNetworkIsRefused()
    {
        (float[] images, int[] labels) = Training.Value;
        using FineTuned tuned = FineTuner.Fit(Small(), images, labels, new FineTuneOptions { Lambda = 1, Scope = LinearizationScope.Head });
        using var folder = new TemporaryFolder();
        tuned.Model.SaveFolder(folder);
        Small(seed: 9).SaveOnnx(folder.File("network.onnx"));
        Assert.Contains("another network.onnx", Assert.Throws<InvalidDataException>(() => LinearizedModel.LoadFolder(folder)).Message);
        File.Delete(folder.File("update.safetensors"));
        Assert.Contains("expected network.onnx and update.safetensors", Assert.Throws<InvalidDataException>(() => LinearizedModel.LoadFolder(folder)).Message);
    }

    protected Network Small(int seed = 4)
    {
        var b = new NetworkBuilder(Side, Side, 1);
        LayerOutput x = b.LeakyRelu(b.BatchNorm("bn1", b.Convolution("conv1", b.Input, 6, 3, padding: 1, bias: false)), 0.2f);
        LayerOutput y = b.LeakyRelu(b.BatchNorm("bn2", b.Convolution("conv2", x, 6, 3, padding: 1, bias: false)), 0.2f);
        x = b.LeakyRelu(b.Convolution("conv3", b.Add(x, y), 12, 3, stride: 2, padding: 1), 0.2f);
        return b.Build(b.Linear("fc", b.GlobalMean(x), 5), family.Device).WithRandomWeights(seed);
    }

    private static (float[] Images, int[] Labels) Of(Cli.Data.Digits all, int first)
    {
        int[] rows = [.. Enumerable.Range(0, 10).SelectMany(label => Enumerable.Range(first, all.Count - first).Where(i => all.Labels[i] == label).Take(Samples / 10))];
        Cli.Data.Digits part = all.Take(rows);
        return (part.Images, part.Labels);
    }

    private static double Right(float[] outputs, int[] labels) => labels.Select((y, i) => Array.IndexOf(outputs[(i * 10)..((i + 1) * 10)], outputs[(i * 10)..((i + 1) * 10)].Max()) == y ? 1.0 : 0).Average();
}

public sealed class FineTunerTestsOnCpu() : FineTunerTests(KernelFamily.Cpu)
{
    [Fact]
    public void WhatCannotBeIsRefusedByName()
    {
        Network network = Small();
        float[] images = new float[3 * 64];
        Assert.Contains("labels is empty", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, [], [])).Message);
        Assert.Contains("expected [3 × 8 × 8 × 1]", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images.AsSpan(1), [0, 1, 2])).Message);
        Assert.Contains("class", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images, [0, 0, 2])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => FineTuner.Fit(network, images, [0, 1, 2], new FineTuneOptions { Lambda = -1 }));
        Assert.Contains("is to be kept", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images, [0, 1, 2], new FineTuneOptions { Head = HeadStart.Keep, Classes = 3 })).Message);
        var both = new FineTuneOptions { Relinearize = 2, HeadFromZero = true };
        Assert.Contains("HeadFromZero", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images, [0, 1, 2], both)).Message);
        Assert.Contains("PCG", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images, [0, 1, 2], new FineTuneOptions { Relinearize = 2, Solver = FineTuneSolver.Dual })).Message);
        // A checkpoint that nothing would write must not be passed over.
        var kept = new PcgOptions { Checkpoint = new CheckpointOptions { Path = "never.gkc" } };
        Assert.Contains("the dual", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images, [0, 1, 2], new FineTuneOptions { Solver = FineTuneSolver.Dual, Pcg = kept })).Message);
        Assert.Contains("every linearisation", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images, [0, 1, 2], new FineTuneOptions { Relinearize = 2, Pcg = kept })).Message);
        images[70] = float.NaN;
        Assert.Contains("images[70]", Assert.Throws<ArgumentException>(() => FineTuner.Fit(network, images, [0, 1, 2])).Message);
    }
}

public sealed class FineTunerTestsOnGpu() : FineTunerTests(KernelFamily.Gpu);
