namespace GracefulKernels.Tests;

/// <summary>Networks between networks: ends to the bit, sums as the formulas say, choices by counts, and no mixing of what does not belong together.</summary>
public abstract class WeightInterpolationTests(KernelFamily family)
{
    [Fact]
    public void TheEndsAreTheNetworksThemselves()
    {
        Network old = RandomNetworks.Get("kept", 1, family.Device), updated = RandomNetworks.Get("kept", 2, family.Device);
        float[] images = RandomNetworks.Images(old, 5, 3);
        Tolerance.AssertSameBits(old.Predict(images, 5), WeightInterpolation.Between(old, updated, 0).Predict(images, 5), "t = 0");
        Tolerance.AssertSameBits(updated.Predict(images, 5), WeightInterpolation.Between(old, updated, 1).Predict(images, 5), "t = 1");
        // What both have in common stays, whatever t rounds to.
        Tolerance.AssertSameBits(old.Predict(images, 5), WeightInterpolation.Between(old, old, 0.3).Predict(images, 5), "the same twice");
        Tolerance.AssertSameBits(old.Predict(images, 5), WeightInterpolation.Soup([old, old, old]).Predict(images, 5), "the same three times");
    }

    [Fact]
    public void WeightsAndStatisticsAreMixed()
    {
        Network a = RandomNetworks.Get("kept", 1, family.Device), b = RandomNetworks.Get("kept", 2, family.Device), c = RandomNetworks.Get("kept", 3, family.Device);
        Network between = WeightInterpolation.Between(a, b, 0.3), soup = WeightInterpolation.Soup([a, b, c], [1, 0, 3]), uniform = WeightInterpolation.Soup([a, b, c]);
        foreach (string name in (string[])["conv1.weight", "fc1.weight", "fc1.bias", "bn2.weight", "bn1.running_mean", "bn4.running_var"])
        {
            float[] x = a.GetTensor(name), y = b.GetTensor(name), z = c.GetTensor(name);
            // Sums in fp64, rounded once.
            Tolerance.AssertClose([.. x.Zip(y, (p, q) => (0.7 * p) + (0.3 * q))], between.GetTensor(name), 1e-7, 1e-9, name);
            Tolerance.AssertClose([.. x.Zip(z, (p, q) => (0.25 * p) + (0.75 * q))], soup.GetTensor(name), 1e-7, 1e-9, name);
            Tolerance.AssertClose([.. x.Select((p, i) => ((double)p + y[i] + z[i]) / 3)], uniform.GetTensor(name), 1e-7, 1e-9, name);
        }
    }

    /// <summary>Each weight by its own importance; the diagonals have other values in every element, so an order that is not the weights' would show.</summary>
    [Fact]
    public void FisherWeighsEachWeight()
    {
        Network a = RandomNetworks.Get("residual", 1, family.Device), b = RandomNetworks.Get("residual", 2, family.Device);
        float[] images = RandomNetworks.Images(a, 6, 3);
        using var la = new LinearizedNetwork(a, images, 6);
        using var lb = new LinearizedNetwork(b, images, 6);
        DiagonalCurvature fa = DiagonalCurvature.Compute(la), fb = DiagonalCurvature.Compute(lb);
        Network mixed = WeightInterpolation.Between(a, b, 0.4, fa, fb);
        foreach (string name in (string[])["stem.weight", "b1.weight", "head.weight", "head.bias"])
        {
            float[] x = a.GetTensor(name), y = b.GetTensor(name);
            double[] p = fa[name], q = fb[name];
            double[] expected = [.. x.Select((v, i) => p[i] + q[i] == 0 ? (0.6 * v) + (0.4 * y[i]) : ((0.6 * p[i] * v) + (0.4 * q[i] * y[i])) / ((0.6 * p[i]) + (0.4 * q[i])))];
            Tolerance.AssertClose(expected, mixed.GetTensor(name), 1e-6, 1e-9, name);
        }
        Tolerance.AssertSameBits(b.Predict(images, 6), WeightInterpolation.Between(a, b, 1, fa, fb).Predict(images, 6), "t = 1");
        Network other = RandomNetworks.Get("vector", 1, family.Device);
        using var lo = new LinearizedNetwork(other, RandomNetworks.Images(other, 2, 1), 2);
        Assert.Throws<ArgumentException>(() => WeightInterpolation.Between(a, b, 0.4, fa, DiagonalCurvature.Compute(lo)));
    }

    [Fact]
    public void TheCurveCountsFlipsAgainstTheOldNetwork()
    {
        Network old = RandomNetworks.Get("residual", 1, family.Device), updated = RandomNetworks.Get("residual", 2, family.Device);
        float[] images = RandomNetworks.Images(old, 60, 3);
        // Labels that both have right now and then.
        int[] labels = [.. Enumerable.Range(0, 60).Select(i => i % old.Outputs)];
        var progress = new Reports<double>();
        CongruenceCurve curve = WeightInterpolation.Curve(old, updated, [0.5, 0], images, labels, progress: progress);
        Assert.Equal([0, 0.5, 1], curve.Points.Select(p => p.Value));
        Assert.Equal(3, progress.All.Count);
        Assert.Equal(0, curve.Points[0].Flips.Differ);
        float[] oldLogits = old.Predict(images, 60);
        Assert.Equal(FlipCounts.FromLogits(oldLogits, updated.Predict(images, 60), labels, old.Outputs), curve.Points[2].Flips);
        Assert.Equal(FlipCounts.FromLogits(oldLogits, WeightInterpolation.Between(old, updated, 0.5).Predict(images, 60), labels, old.Outputs), curve.Points[1].Flips);
        CongruencePoint chosen = curve.Choose(curve.Points[^1].Flips.NewAccuracy)!.Value;
        Assert.True(chosen.Flips.NewRight >= curve.Points[^1].Flips.NewRight);
        Assert.True(chosen.Flips.NegativeFlips <= curve.Points[^1].Flips.NegativeFlips);
    }

    /// <summary>A classifier of the sign of its input, one that is a little off, and one that says the opposite: the opposite must not come in.</summary>
    [Fact]
    public void TheGreedySoupKeepsWhatHelps()
    {
        Network good = Sign(1, 0.2f), better = Sign(1, -0.1f), opposite = Sign(-3, 0);
        float[] images = [.. Enumerable.Range(-20, 40).Select(i => (i + 0.5f) / 20)];
        int[] labels = [.. images.Select(x => x > 0 ? 1 : 0)];
        (Network soup, IReadOnlyList<int> members) = WeightInterpolation.GreedySoup([opposite, good, better], images, labels);
        Assert.Equal([2, 1], members);
        Tolerance.AssertSameBits(WeightInterpolation.Soup([better, good]).Predict(images, 40), soup.Predict(images, 40), "soup");
        Assert.Equal([0], WeightInterpolation.GreedySoup([good], images, labels).Members);
        // Of equals the first comes first, and an equal one comes in.
        Assert.Equal([0, 1], WeightInterpolation.GreedySoup([good, good], images, labels).Members);

        Network Sign(float slope, float offset)
        {
            var b = new NetworkBuilder(1);
            Network network = b.Build(b.Linear("fc", b.Input, 2), family.Device);
            using var weights = ParameterVector.FromArray(network.Parameters, network.Device, [0, slope, 0, offset]);
            return network.WithWeights(weights);
        }
    }

    [Fact]
    public void WhatDoesNotBelongTogetherIsRefused()
    {
        Network a = RandomNetworks.Get("residual", 1, family.Device), b = RandomNetworks.Get("residual", 2, family.Device);
        float[] images = RandomNetworks.Images(a, 2, 1);
        Refused("another graph", () => WeightInterpolation.Between(a, RandomNetworks.Get("kept", 1, family.Device), 0.5));
        // The same parameters, but another function of them.
        Refused("another graph", () => WeightInterpolation.Soup([a, b.WithLeakyRelu(0.3f)]));
        Refused("t is 1.5", () => WeightInterpolation.Between(a, b, 1.5));
        Refused("t is NaN", () => WeightInterpolation.Between(a, b, double.NaN));
        Refused("networks is empty", () => WeightInterpolation.Soup([]));
        Refused("shares is [1]; expected [2]", () => WeightInterpolation.Soup([a, b], [1]));
        Refused("shares[1] is -1", () => WeightInterpolation.Soup([a, b], [2, -1]));
        Refused("sum to 0", () => WeightInterpolation.Soup([a, b], [0, 0]));
        Refused("places is empty", () => WeightInterpolation.Curve(a, b, [], images, [0, 1]));
        Refused("images has", () => WeightInterpolation.Curve(a, b, [0.5], images, [0, 1, 2]));
        Refused("labels[1] is 4", () => WeightInterpolation.Curve(a, b, [0.5], images, [0, 4]));
        Refused("labels is empty", () => WeightInterpolation.GreedySoup([a, b], [], []));

        static void Refused(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }
}

public sealed class WeightInterpolationTestsOnCpu() : WeightInterpolationTests(KernelFamily.Cpu);

public sealed class WeightInterpolationTestsOnGpu() : WeightInterpolationTests(KernelFamily.Gpu);
