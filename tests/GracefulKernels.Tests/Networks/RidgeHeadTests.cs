namespace GracefulKernels.Tests;

/// <summary>New heads: features, ridge regression against a naive fp64 solution and refits, and what is refused.</summary>
public abstract class RidgeHeadTests(KernelFamily family)
{
    private const int Classes = 4;

    // "pools" ends behind a flattened image of 2 × 1 pixels, "residual" in the mean over pixels, "kept" has batch normalisation and a head without bias.
    public static TheoryData<string> Networks => ["residual", "kept", "pools", "diamond"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void TheHeadOfItsFeaturesGivesTheLogits(string name)
    {
        Network network = RandomNetworks.Get(name, 3, family.Device);
        float[] images = RandomNetworks.Images(network, 6, 1), phi = network.Features(images, 6, batchSize: 4), logits = network.Predict(images, 6);
        string head = network.Parameters.Parameters[^1].Layer;
        float[] weight = network.GetTensor($"{head}.weight");
        float[] bias = network.Parameters.Parameters.Any(p => p.Name == $"{head}.bias") ? network.GetTensor($"{head}.bias") : new float[network.Outputs];
        int f = phi.Length / 6;
        for (int i = 0; i < logits.Length; i++)
        {
            double z = bias[i % network.Outputs];
            for (int j = 0; j < f; j++) z += (double)phi[(i / network.Outputs * f) + j] * weight[(i % network.Outputs * f) + j];
            Assert.Equal(z, logits[i], 1e-5 * Math.Max(1, Math.Abs(z)));
        }
        // The same head put back is the same network, in both orders of images.
        Network same = network.WithHead(network.Outputs, weight, bias);
        Tolerance.AssertSameBits(logits, same.Predict(images, 6), "head put back");
        float[] first = new float[images.Length];
        ChannelOrder.ToChannelsFirst(6, network.InputShape.Channels, network.InputShape.Pixels, images, first);
        Tolerance.AssertSameBits(phi, network.Features(first, 6, ImageLayout.Nchw, 4), "NCHW");
        Assert.Equal(network.Parameters.Parameters.Select(p => p.Name).Where(p => p != $"{head}.bias"), same.Parameters.Parameters.Select(p => p.Name).Where(p => p != $"{head}.bias"));
    }

    [Theory]
    // More samples than features (primal), fewer (dual), and one a class.
    [InlineData("residual", 23, null)]
    [InlineData("pools", 17, 0.03)]
    [InlineData("residual", 23, 0.02)]
    [InlineData("kept", 8, null)]
    [InlineData("residual", 4, null)]
    public void RidgeIsTheMinimumAndItsLeaveOneOutErrorThatOfRefits(string name, int n, double? lambda)
    {
        Network network = RandomNetworks.Get(name, 5, family.Device);
        float[] images = RandomNetworks.Images(network, n, 2);
        int[] labels = [.. Enumerable.Range(0, n).Select(i => i * 7 % Classes)];
        RidgeHead head = network.WithRidgeHead(images, labels, Classes, new RidgeHeadOptions { Lambda = lambda });
        Assert.Equal(lambda is null && n > Classes ? 19 : 1, head.Candidates.Count);
        if (lambda is { } l) Assert.Equal(l, head.Lambda);
        float[] phi = network.Features(images, n);
        int f = phi.Length / n;
        double[][] rows = [.. Enumerable.Range(0, n).Select(i => phi.AsSpan(i * f, f).ToArray().Select(v => (double)v).ToArray())];
        double[][] targets = [.. labels.Select(y => Enumerable.Range(0, Classes).Select(c => c == y ? 15.0 : 0).ToArray())];
        double[,] expected = NaiveRidge(rows, targets, n * head.Lambda);
        string layer = network.Parameters.Parameters[^1].Layer;
        float[] weight = head.Network.GetTensor($"{layer}.weight"), bias = head.Network.GetTensor($"{layer}.bias");
        // fp64 on both sides; the result is rounded to fp32.
        double[] flat = [.. Enumerable.Range(0, Classes * f).Select(i => expected[i % f, i / f])];
        Tolerance.AssertRelativeNorm(flat, weight, 1e-6, "W");
        Tolerance.AssertClose([.. Enumerable.Range(0, Classes).Select(c => expected[f, c])], bias, 1e-5, 1e-5, "b");
        if (n == Classes)
        {
            Assert.True(double.IsNaN(head.LeaveOneOutError));
            // One sample a class, little penalty: the head knows them all.
            float[] fitted = head.Network.Predict(images, n);
            Assert.All(Enumerable.Range(0, n), i => Assert.Equal(labels[i], Array.IndexOf(fitted, fitted.Skip(i * Classes).Take(Classes).Max()) % Classes));
            return;
        }
        double error = 0;
        int right = 0, counted = 0;
        for (int i = 0; i < n; i++)
        {
            if (labels.Count(y => y == labels[i]) == 1) continue;
            double[,] without = NaiveRidge([.. rows.Where((_, k) => k != i)], [.. targets.Where((_, k) => k != i)], n * head.Lambda);
            double[] z = [.. Enumerable.Range(0, Classes).Select(c => without[f, c] + Enumerable.Range(0, f).Sum(j => rows[i][j] * without[j, c]))];
            error += z.Zip(targets[i], (a, b) => (a - b) * (a - b)).Sum();
            if (Array.IndexOf(z, z.Max()) == labels[i]) right++;
            counted++;
        }
        Assert.Equal(error / counted, head.LeaveOneOutError, 1e-6 * error / counted);
        Assert.Equal((double)right / counted, head.LeaveOneOutAccuracy, 1e-12);
        Assert.All(head.Candidates, c => Assert.True(c.LeaveOneOutError >= head.LeaveOneOutError));
    }

    [Fact]
    public void ArbitraryTargetsAreFittedToo()
    {
        Network network = RandomNetworks.Get("residual", 5, family.Device);
        float[] images = RandomNetworks.Images(network, 12, 2);
        int[] labels = [.. Enumerable.Range(0, 12).Select(i => i % 3)];
        RidgeHead byLabels = network.WithRidgeHead(images, labels, 3), byTargets = network.WithRidgeHead(images, Targets.OneHot(labels, 3));
        Assert.Equal(byLabels.Candidates, byTargets.Candidates);
        Tolerance.AssertSameBits(byLabels.Network.Predict(images, 12), byTargets.Network.Predict(images, 12), "targets");
    }

    [Fact]
    public void WhatCannotBeFittedIsNamed()
    {
        Network network = RandomNetworks.Get("residual", 5, family.Device);
        float[] images = RandomNetworks.Images(network, 3, 2);
        AssertNamed<ArgumentException>("labels has no sample of class 1 (of 3)", () => network.WithRidgeHead(images, (int[])[0, 2, 2], 3));
        Assert.Equal(3, network.WithRidgeHead(images, (int[])[0, 2, 2], 3, new RidgeHeadOptions { AllowEmptyClasses = true }).Network.Outputs);
        AssertNamed<ArgumentOutOfRangeException>("labels[1] is 5; expected a class in [0, 3).", () => network.WithRidgeHead(images, (int[])[0, 5, 1], 3));
        AssertNamed<ArgumentException>("There are no samples", () => network.WithRidgeHead([], (int[])[], 3));
        AssertNamed<ArgumentException>("expected [2 × 9 × 7 × 3]", () => network.WithRidgeHead(images, (int[])[0, 1], 2));
        AssertNamed<ArgumentOutOfRangeException>("Lambda is 0", () => network.WithRidgeHead(images, (int[])[0, 1, 1], 2, new RidgeHeadOptions { Lambda = 0 }));
        AssertNamed<ArgumentException>("targets has weights", () => network.WithRidgeHead(images, new Targets(new float[6], 3, 2, [1, 2, 3])));
        AssertNamed<ArgumentException>("The features of all 1 samples are the same", () => network.WithRidgeHead(images.AsSpan(0, 189), (int[])[0], 1));
        AssertNamed<ArgumentException>("weight is [1 × 6]; expected [2 × 6] (classes × features).", () => network.WithHead(2, new float[6], new float[2]));
        AssertNamed<ArgumentException>("bias is [3]", () => network.WithHead(2, new float[12], new float[3]));
        images[5] = float.NaN;
        AssertNamed<ArgumentException>("images[5] is NaN", () => network.WithRidgeHead(images, (int[])[0, 1, 1], 2));
        // "vector" ends in an activation.
        Network headless = RandomNetworks.Get("vector", 1, family.Device);
        AssertNamed<InvalidOperationException>("it has no head", () => headless.Features(new float[13], 1));
        AssertNamed<InvalidOperationException>("it has no head", () => headless.WithRandomHead(2, 1));
    }

    [Fact]
    public void ARandomHeadDependsOnItsSeedAlone()
    {
        Network network = RandomNetworks.Get("pools", 5, family.Device), a = network.WithRandomHead(500, 3), b = network.WithRandomHead(500, 3);
        float[] w = a.GetTensor("fc.weight");
        Tolerance.AssertSameBits(w, b.GetTensor("fc.weight"), "same seed");
        Assert.NotEqual(w, network.WithRandomHead(500, 4).GetTensor("fc.weight"));
        int f = w.Length / 500;
        // 500·F numbers: their mean square is off by √(2/(500 F)), 2 % at most here; five of them.
        Assert.Equal(1.0 / f, w.Average(v => (double)v * v), 0.1 / f);
        Assert.All(a.GetTensor("fc.bias"), v => Assert.Equal(0f, v));
        // A network that is nothing but its head.
        var one = new NetworkBuilder(2, 3, 4);
        Network linear = one.Build(one.Linear("fc", one.Flatten(one.Input), 2), family.Device).WithRandomWeights(1);
        float[] images = RandomNetworks.Images(linear, 2, 1), first = new float[images.Length];
        ChannelOrder.ToChannelsFirst(2, 4, 6, images, first);
        Tolerance.AssertSameBits(first, linear.Features(images, 2), "features of a linear network");
        Assert.Equal(7, linear.WithRandomHead(7, 1).Outputs);
    }

    /// <summary>[F + 1 × C]: W and, last, b, by Gaussian elimination on the normal equations with b as a column that is not penalised.</summary>
    private static double[,] NaiveRidge(double[][] rows, double[][] targets, double penalty)
    {
        int d = rows[0].Length + 1, classes = targets[0].Length;
        double[,] a = new double[d, d + classes];
        for (int i = 0; i < rows.Length; i++)
        {
            double[] x = [.. rows[i], 1];
            for (int j = 0; j < d; j++)
            {
                for (int k = 0; k < d; k++) a[j, k] += x[j] * x[k];
                for (int c = 0; c < classes; c++) a[j, d + c] += x[j] * targets[i][c];
            }
        }
        for (int j = 0; j < d - 1; j++) a[j, j] += penalty;
        for (int p = 0; p < d; p++)
        {
            int pivot = Enumerable.Range(p, d - p).MaxBy(r => Math.Abs(a[r, p]));
            for (int k = 0; k < d + classes; k++) (a[p, k], a[pivot, k]) = (a[pivot, k], a[p, k]);
            for (int r = 0; r < d; r++)
            {
                if (r == p) continue;
                double factor = a[r, p] / a[p, p];
                for (int k = p; k < d + classes; k++) a[r, k] -= factor * a[p, k];
            }
        }
        double[,] solution = new double[d, classes];
        for (int j = 0; j < d; j++)
        {
            for (int c = 0; c < classes; c++) solution[j, c] = a[j, d + c] / a[j, j];
        }
        return solution;
    }

    private static void AssertNamed<T>(string text, Func<object> call) where T : Exception
        => Assert.Contains(text, Assert.Throws<T>(() => { _ = call(); }).Message, StringComparison.Ordinal);
}

public sealed class RidgeHeadTestsOnCpu() : RidgeHeadTests(KernelFamily.Cpu);

public sealed class RidgeHeadTestsOnGpu() : RidgeHeadTests(KernelFamily.Gpu);
