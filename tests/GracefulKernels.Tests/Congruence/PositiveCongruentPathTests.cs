namespace GracefulKernels.Tests;

/// <summary>The λ_pc path on digits: each point the optimum of its own problem, judged as it says, and nearer to the old model the larger λ_pc is.</summary>
public abstract class PositiveCongruentPathTests(KernelFamily family)
{
    private const int Samples = 30, HeldOut = 200, Side = 8, Classes = 10;

    private const double Lambda = 0.5;

    private static readonly double[] Values = [0, 0.3, 3, 30];

    /// <summary>The dual, PCG from the last solution, and LQF itself at each λ_pc.</summary>
    [Fact]
    public void EveryPointIsTheOptimumOfItsProblem()
    {
        using Case c = new(family.Device);
        PositiveCongruentPathOptions options = new() { Pcg = new PcgOptions { Tolerance = 1e-4, MaxIterations = 1000 } };
        using PositiveCongruentPath dual = PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits, Lambda, Values, c.Held, options);
        using PositiveCongruentPath pcg = PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits, Lambda, Values, c.Held, options with { DualRows = 0 });
        Assert.True(dual.Converged && pcg.Converged);
        Assert.False(dual.IsLeaveOneOut);
        for (int i = 0; i < Values.Length; i++)
        {
            Assert.Equal(Values[i], dual.Curve.Points[i].Value);
            float[] a = dual.Models[i].Predict(c.Held.Images.Span, HeldOut), b = pcg.Models[i].Predict(c.Held.Images.Span, HeldOut);
            // PCG stopped at a gradient of 1e-4 of the first; the heaviest weights are 180 times the lightest.
            Tolerance.AssertRelativeNorm([.. a.Select(v => (double)v)], b, 1e-2, $"λ_pc {Values[i]}");
            Assert.Equal(FlipCounts.FromLogits(c.Held.OldLogits.Span, a, c.Held.Labels.Span, Classes), dual.Curve.Points[i].Flips);
        }
        using var plain = new LinearQuadraticProblem(c.Linear, Targets.OneHot(c.Labels, Classes), Lambda);
        using ParameterVector d = Pcg.Solve(plain, new PcgOptions { Tolerance = 1e-5, MaxIterations = 1000 }).Update;
        Tolerance.AssertRelativeNorm([.. d.ToArray().Select(v => (double)v)], dual.Models[0].Update.ToArray(), 2e-3, "λ_pc = 0 is LQF");
        Assert.Equal(dual.Models.Count, dual.Curve.Points.Count);
        Assert.Contains(dual.KneeModel, dual.Models);
        Assert.Equal(dual.Curve.Knee, dual.Curve.Points[dual.Models.ToList().IndexOf(dual.KneeModel)]);
    }

    /// <summary>With more weight the outputs on the training samples come nearer to the old model's, in the units of the targets.</summary>
    [Fact]
    public void MoreWeightIsNearerToTheOldModel()
    {
        using Case c = new(family.Device);
        using PositiveCongruentPath path = PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits, Lambda, Values, c.Held);
        double factor = Targets.PositiveCongruent(c.Labels, c.OldLogits).OldLogitsFactor, last = double.PositiveInfinity;
        foreach (LinearizedModel model in path.Models)
        {
            double distance = model.Predict(c.Images, Samples).Zip(c.OldLogits, (f, z) => Math.Pow(f - (factor * z), 2)).Sum();
            Assert.True(distance < last, $"{distance} after {last}");
            last = distance;
        }
    }

    /// <summary>The model that a sample is judged by is the optimum without it, at the same nλ.</summary>
    [Fact]
    public void LeaveOneOutLeavesOut()
    {
        using Case c = new(family.Device);
        using PositiveCongruentPath path = PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits, Lambda, [2], options: new() { HeadFromZero = true });
        Assert.True(path.IsLeaveOneOut);
        FlipCounts sum = default;
        // The targets keep the factor of all samples: old logits in those units, and no rescaling.
        double factor = Targets.PositiveCongruent(c.Labels, c.OldLogits).OldLogitsFactor;
        int size = c.Linear.Network.InputShape.Elements, samples = family.Fewer(Samples, 4);
        for (int i = 0; i < samples; i++)
        {
            int[] rest = [.. Enumerable.Range(0, Samples).Where(k => k != i)];
            float[] images = [.. rest.SelectMany(k => c.Images.AsSpan(k * size, size).ToArray())], old = [.. rest.SelectMany(k => c.OldOf(k).Select(z => (float)(factor * z)))];
            using var linear = new LinearizedNetwork(c.Linear.Network, images, Samples - 1);
            var held = new HeldOutSamples(c.Images.AsMemory(i * size, size), c.Labels.AsMemory(i, 1), c.OldOf(i));
            using PositiveCongruentPath refit = PositiveCongruentPath.Solve(
                linear, [.. rest.Select(k => c.Labels[k])], old, Lambda * Samples / (Samples - 1), [2], held,
                new() { HeadFromZero = true, Congruence = new() { RescaleOldLogits = false, AllowEmptyClasses = true } });
            sum += refit.Curve.Points[0].Flips;
        }
        if (samples == Samples) Assert.Equal(sum, path.Curve.Points[0].Flips);
        else Assert.Equal(samples, sum.Samples);
    }

    [Fact]
    public void AModelFromZeroBeginsThere()
    {
        using Case c = new(family.Device);
        using PositiveCongruentPath path = PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits, 1e9, [1], c.Held, new() { HeadFromZero = true });
        // At a ridge of 1e9 next to nothing is learned: what is left is zero, not the outputs of the head.
        Assert.True(path.Models[0].HeadFromZero);
        Assert.All(path.Models[0].Predict(c.Images, Samples), v => Assert.InRange(v, -1e-3f, 1e-3f));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using Case c = new(family.Device);
        Refused("heldOut is null; leave-one-out takes the dual, and 300 rows", () => Solve(c, [1], null, new() { DualRows = 299 }));
        Refused("lambdasPc is empty", () => Solve(c, [], c.Held));
        Refused("lambdasPc has 1 twice", () => Solve(c, [1, 0, 1], c.Held));
        Refused("lambdasPc[1] is -1", () => Solve(c, [1, -1], c.Held));
        Refused("heldOut has", () => Solve(c, [1], c.Held with { Images = new float[3] }));
        Refused("heldOut is", () => Solve(c, [1], c.Held with { OldLogits = c.Held.OldLogits[10..] }));
        Refused("no sample", () => Solve(c, [1], new HeldOutSamples(default, default, default)));
        Refused("Pcg has a start", () => Solve(c, [1], c.Held, new() { Pcg = new() { LeaveOneOut = new() } }));
        Refused("another tail", () => Solve(c, [1], c.Held, new() { Split = c.Linear.Network.Split(LinearizationScope.Head) }));
        Refused("oldLogits is [29 × 10]; expected [30 × 10]", () => PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits.AsSpan(10), Lambda, [1], c.Held));
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits, Lambda, [1], c.Held, cancellation: source.Token));

        static void Solve(Case c, double[] values, HeldOutSamples? held, PositiveCongruentPathOptions? options = null)
            => PositiveCongruentPath.Solve(c.Linear, c.Labels, c.OldLogits, Lambda, values, held, options);

        static void Refused(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    /// <summary>Digits; the old model is a ridge head on the features of another network, fitted to other digits.</summary>
    private sealed class Case : IDisposable
    {
        public Case(ComputeDevice device)
        {
            float[] all = Cli.Data.Digits.All.Images;
            int[] labels = Cli.Data.Digits.All.Labels;
            Images = all[..(Samples * Side * Side)];
            Labels = labels[..Samples];
            float[] held = all[(600 * Side * Side)..((600 + HeldOut) * Side * Side)], before = all[(200 * Side * Side)..(300 * Side * Side)];
            Network old = Convolutional(3, device).WithRidgeHead(before, labels.AsSpan(200, 100), Classes).Network;
            Network start = Convolutional(1, device).WithRidgeHead(Images, Labels, Classes).Network;
            Linear = new LinearizedNetwork(start, Images, Samples);
            OldLogits = old.Predict(Images, Samples);
            Held = new HeldOutSamples(held, labels[600..(600 + HeldOut)], old.Predict(held, HeldOut));
        }

        public float[] Images { get; }

        public int[] Labels { get; }

        public float[] OldLogits { get; }

        public LinearizedNetwork Linear { get; }

        public HeldOutSamples Held { get; }

        public float[] OldOf(int sample) => OldLogits[(sample * Classes)..((sample + 1) * Classes)];

        public void Dispose() => Linear.Dispose();

        private static Network Convolutional(int seed, ComputeDevice device)
        {
            var b = new NetworkBuilder(Side, Side, 1);
            LayerOutput x = b.LeakyRelu(b.Convolution("conv1", b.Input, 6, 3, stride: 2, padding: 1), 0.1f);
            x = b.LeakyRelu(b.Convolution("conv2", x, 8, 3, stride: 2, padding: 1), 0.1f);
            return b.Build(b.Linear("fc", b.Flatten(x), Classes), device).WithRandomWeights(seed);
        }
    }
}

public sealed class PositiveCongruentPathTestsOnCpu() : PositiveCongruentPathTests(KernelFamily.Cpu);

public sealed class PositiveCongruentPathTestsOnGpu() : PositiveCongruentPathTests(KernelFamily.Gpu);
