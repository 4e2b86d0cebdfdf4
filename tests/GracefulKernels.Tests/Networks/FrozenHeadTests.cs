namespace GracefulKernels.Tests;

/// <summary>Networks with a frozen head: beside their own, and alone behind an embedding.</summary>
public abstract class FrozenHeadTests(KernelFamily family)
{
    private const int Samples = 7, OldClasses = 6;

    /// <summary>Those that end in a linear layer: behind a mean over pixels, behind a flattened image, without a bias.</summary>
    public static TheoryData<string> Networks => ["residual", "kept", "pools", "diamond"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void OutputsAreThoseOfAWideHead(string name)
    {
        (Network network, Network frozen, Network wide) = Three(name);
        float[] images = RandomNetworks.Images(network, Samples, 1), own = network.Predict(images, Samples), both = frozen.Predict(images, Samples);
        Assert.Equal((network.Outputs + OldClasses, network.Outputs, true), (frozen.Outputs, frozen.OwnOutputs, frozen.HasFrozenHead));
        Assert.Equal(network.Parameters.Parameters.Select(p => p.Name), frozen.Parameters.Parameters.Select(p => p.Name));
        Assert.Equal(network.Parameters.Count, frozen.Parameters.Count);
        // An element of a product has the same bits however many columns are beside it; zeros beside it are added exactly.
        if (family.IsCpu) Tolerance.AssertSameBits(wide.Predict(images, Samples), both, name);
        Tolerance.AssertRelativeNorm([.. wide.Predict(images, Samples).Select(v => (double)v)], both, 1e-6, name);
        Tolerance.AssertSameBits(own, Columns(both, frozen.Outputs, 0, network.Outputs), $"{name}: own");
        Tolerance.AssertSameBits(network.Features(images, Samples), frozen.Features(images, Samples), $"{name}: features");
        Network back = frozen.WithoutFrozenHead();
        Tolerance.AssertSameBits(own, back.Predict(images, Samples), $"{name}: taken off");
        Assert.Equal((false, network.Outputs), (back.HasFrozenHead, back.OwnOutputs));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void DerivativesAreThoseOfAWideHeadWithoutTheFrozenRows(string name)
    {
        (Network network, Network frozen, Network wide) = Three(name);
        float[] images = RandomNetworks.Images(network, Samples, 1), u = RandomNetworks.Normal(Samples * frozen.Outputs, 2);
        using var a = new LinearizedNetwork(frozen, images, Samples, options: new LinearizedOptions { BatchSize = 4 });
        using var b = new LinearizedNetwork(wide, images, Samples, options: new LinearizedOptions { BatchSize = 4 });
        using ParameterVector g = a.Vjp(u), h = b.Vjp(u), v = RandomNetworks.Direction(frozen, 5), padded = Pad(v, wide);
        foreach (ParameterInfo p in frozen.Parameters.Parameters)
        {
            double[] expected = [.. h.ToArray(p.Name).AsSpan(0, p.Length).ToArray().Select(x => (double)x)];
            // Rows of the own head are the same sums; before it the sum over outputs is cut in two: a few roundings, which sums of both signs (biases) enlarge.
            Tolerance.AssertRelativeNorm(expected, g.ToArray(p.Name), 1e-5, $"{name}: gradient of {p.Name}");
        }
        float[] jv = a.Jvp(v);
        // The wide network's product of both tangents sums twice the inner dimension at once: other roundings.
        Tolerance.AssertRelativeNorm([.. b.Jvp(padded).Select(x => (double)x)], jv, 2e-6, $"{name}: jvp");
        double left = Dot(jv, u), right = g.Dot(v), scale = Math.Sqrt(Dot(jv, jv) * Dot(u, u)) + (g.Norm() * v.Norm());
        // As for every pair of JVP and VJP: relative errors of some 1e-6 in norm on both sides.
        Assert.True(Math.Abs(left - right) <= 2e-6 * scale, $"{name}: ⟨Jv, u⟩ = {left:R}, ⟨v, Jᵀu⟩ = {right:R}");
        Assert.True(Math.Abs(left) > 1e-3, "the check would see nothing");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void FactorsAreThoseOfTheTrainableRows(string name)
    {
        (Network network, Network frozen, Network wide) = Three(name);
        float[] images = RandomNetworks.Images(network, Samples, 1);
        using var a = new LinearizedNetwork(frozen, images, Samples);
        using var b = new LinearizedNetwork(wide, images, Samples);
        using var c = new LinearizedNetwork(network, images, Samples);
        KroneckerFactors x = KroneckerFactors.Compute(a), y = KroneckerFactors.Compute(b), z = KroneckerFactors.Compute(c);
        Assert.Equal(z.Blocks.Select(k => (k.Name, k.Rows, k.Columns)), x.Blocks.Select(k => (k.Name, k.Rows, k.Columns)));
        foreach ((KroneckerBlock mine, KroneckerBlock other) in x.Blocks.Zip(y.Blocks).Take(x.Blocks.Count - 1))
        {
            // The cotangents behind them agree to a few roundings, and their squares twice that.
            Tolerance.AssertRelativeNorm(other.InputFactor(), [.. mine.InputFactor().Select(v => (float)v)], 5e-6, $"{name}: A of {mine.Name}");
            if (mine.HasOutputFactor) Tolerance.AssertRelativeNorm(other.OutputFactor(), [.. mine.OutputFactor().Select(v => (float)v)], 5e-6, $"{name}: G of {mine.Name}");
        }
        // One seed for each output: those of frozen rows say nothing of the own head, whose G is the identity.
        double[] identity = new double[network.Outputs * network.Outputs];
        for (int k = 0; k < network.Outputs; k++) identity[k * (network.Outputs + 1)] = 1;
        Assert.Equal(identity, x.Blocks[^1].OutputFactor());
    }

    [Fact]
    public void ASmallerOldEmbeddingIsTheLeadingColumnsAndALargerOneIsPadded()
    {
        Network network = RandomNetworks.Get("pools", 3, family.Device);
        float[] images = RandomNetworks.Images(network, Samples, 1), phi = network.Features(images, Samples), bias = RandomNetworks.Normal(OldClasses, 4);
        int width = phi.Length / Samples;
        foreach (int k in (int[])[1, width - 3, width, width + 5])
        {
            float[] weight = RandomNetworks.Normal(OldClasses * k, 5);
            float[] outputs = network.WithFrozenHead(OldClasses, weight, bias).Predict(images, Samples);
            double[] expected = new double[Samples * OldClasses];
            for (int i = 0; i < expected.Length; i++)
            {
                int sample = i / OldClasses, row = i % OldClasses;
                expected[i] = bias[row];
                for (int c = 0; c < Math.Min(k, width); c++) expected[i] += (double)weight[(row * k) + c] * phi[(sample * width) + c];
            }
            // fp32 sums of at most 24 terms.
            Tolerance.AssertRelativeNorm(expected, Columns(outputs, network.Outputs + OldClasses, network.Outputs, OldClasses), 1e-6, $"k = {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void AnEmbeddingIsTrainedThroughAFrozenHeadAlone(string name)
    {
        Network network = RandomNetworks.Get(name, 3, family.Device), embedding = network.Embedding();
        float[] images = RandomNetworks.Images(network, Samples, 1);
        ParameterInfo w = network.Parameters.Parameters.Last(p => p.Name.EndsWith(".weight", StringComparison.Ordinal));
        float[] bias = network.Parameters.Parameters[^1] is { } b && b.Name.EndsWith(".bias", StringComparison.Ordinal) ? network.GetTensor(b.Name) : [];
        // Its own head frozen behind it: the same outputs, and the same derivatives without the head's.
        Network through = embedding.ThroughFrozenHead(network.Outputs, network.GetTensor(w.Name), bias);
        Assert.Equal(0, through.OwnOutputs);
        Assert.Equal(network.Parameters.Parameters.Where(p => p.Layer != w.Layer).Select(p => p.Name), through.Parameters.Parameters.Select(p => p.Name));
        Tolerance.AssertSameBits(network.Predict(images, Samples), through.Predict(images, Samples), $"{name}: outputs");
        Tolerance.AssertSameBits(network.Features(images, Samples), through.Features(images, Samples), $"{name}: features");
        Tolerance.AssertSameBits(embedding.Predict(images, Samples), through.WithoutFrozenHead().Predict(images, Samples), $"{name}: taken off");
        float[] u = RandomNetworks.Normal(Samples * network.Outputs, 2);
        using var a = new LinearizedNetwork(through, images, Samples);
        using var whole = new LinearizedNetwork(network, images, Samples);
        using ParameterVector g = a.Vjp(u), h = whole.Vjp(u), v = RandomNetworks.Direction(through, 5);
        foreach (ParameterInfo p in through.Parameters.Parameters) Tolerance.AssertSameBits(h.ToArray(p.Name), g.ToArray(p.Name), $"{name}: gradient of {p.Name}");
        float[] jv = a.Jvp(v);
        Assert.True(Math.Abs(Dot(jv, u) - g.Dot(v)) <= 2e-6 * (Math.Sqrt(Dot(jv, jv) * Dot(u, u)) + (g.Norm() * v.Norm())), name);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void FeaturesOfALinearisedModelAreWhatTheFrozenHeadReads(string name)
    {
        (Network network, Network frozen, _) = Three(name);
        float[] images = RandomNetworks.Images(network, Samples, 1), first = new float[images.Length];
        ChannelOrder.ToChannelsFirst(Samples, network.InputShape.Channels, network.InputShape.Pixels, images, first);
        foreach (LinearizationScope scope in (LinearizationScope[])[LinearizationScope.All, LinearizationScope.LastBlocks(2), LinearizationScope.Head])
        {
            NetworkSplit split = frozen.Split(scope);
            using ParameterVector d = RandomNetworks.Direction(split.Tail, 9, 0.1f);
            var model = new LinearizedModel(split, d);
            float[] outputs = model.Predict(images, Samples), phi = model.Features(images, Samples);
            Tolerance.AssertSameBits(phi, model.Features(first, Samples, ImageLayout.Nchw), "order of images");
            float[] weight = OldWeight(network), bias = OldBias;
            int width = phi.Length / Samples;
            double[] expected = new double[Samples * OldClasses];
            for (int i = 0; i < expected.Length; i++)
            {
                int sample = i / OldClasses, row = i % OldClasses;
                expected[i] = bias[row];
                for (int c = 0; c < width; c++) expected[i] += (double)weight[(row * width) + c] * phi[(sample * width) + c];
            }
            // κφ0 + κJd against κ(φ0 + Jd) in fp64: fp32 sums of some 100 terms.
            Tolerance.AssertRelativeNorm(expected, Columns(outputs, frozen.Outputs, network.Outputs, OldClasses), 2e-6, $"{name}, {scope}");
            LinearizedModel kept = model.WithoutFrozenHead();
            Tolerance.AssertSameBits(Columns(outputs, frozen.Outputs, 0, network.Outputs), kept.Predict(images, Samples), $"{name}, {scope}: own");
            using var folder = new TemporaryFolder();
            Assert.Throws<NotSupportedException>(() => model.SaveFolder(folder));
            kept.SaveFolder(folder);
            Tolerance.AssertSameBits(phi, LinearizedModel.LoadFolder(folder, family.Device).Features(images, Samples), $"{name}, {scope}: from its file");
        }
    }

    /// <summary>Other forms of a network keep its frozen head: folded, with another slope, with other weights.</summary>
    [Fact]
    public void AFrozenHeadStaysThroughEveryChange()
    {
        Network network = ResNets.Cifar(8, 3, 0.1f, family.Device).WithRandomWeights(1);
        Network frozen = network.WithFrozenHead(2, RandomNetworks.Normal(128, 1));
        float[] images = RandomNetworks.Images(network, 2, 1), outputs = frozen.Predict(images, 2);
        // Folding rounds the weights once.
        Tolerance.AssertRelativeNorm([.. outputs.Select(v => (double)v)], frozen.FoldBatchNorm().Predict(images, 2), 1e-5, "folded");
        using ParameterVector same = frozen.GetWeights(), zero = new(frozen.Parameters, family.Device);
        Tolerance.AssertSameBits(outputs, frozen.WithWeights(same).Predict(images, 2), "weights");
        Tolerance.AssertSameBits(outputs, frozen.WithUpdate(zero).Predict(images, 2), "update");
        Tolerance.AssertSameBits(outputs, frozen.WithLeakyRelu(0.1f).Predict(images, 2), "slope");
        Tolerance.AssertSameBits(outputs, frozen.On(family.Device).Predict(images, 2), "device");
        // The frozen classifier is no part of what an embedding costs, but of what the network does.
        Assert.Equal(network.MultiplyAccumulates + 128, frozen.MultiplyAccumulates);
        Assert.NotEqual(outputs[3], frozen.WithRandomWeights(2).Predict(images, 2)[3]);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Network network = RandomNetworks.Get("residual", 3, family.Device);
        float[] weight = OldWeight(network);
        Network frozen = network.WithFrozenHead(OldClasses, weight);
        Assert.Contains("expected [6 × k]", Assert.Throws<ArgumentException>(() => network.WithFrozenHead(OldClasses, weight.AsSpan(1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => network.WithFrozenHead(OldClasses, []));
        Assert.Throws<ArgumentException>(() => network.WithFrozenHead(OldClasses, weight, new float[5]));
        Assert.Throws<ArgumentException>(() => network.WithFrozenHead(OldClasses, [.. weight[1..], float.NaN]));
        Assert.Contains("frozen head", Assert.Throws<InvalidOperationException>(() => frozen.WithFrozenHead(OldClasses, weight)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => frozen.ThroughFrozenHead(OldClasses, weight));
        Assert.Throws<InvalidOperationException>(() => frozen.WithRandomHead(3, 1));
        Assert.Throws<InvalidOperationException>(() => RandomNetworks.Get("vector", 3, family.Device).WithFrozenHead(OldClasses, weight));
        using var folder = new TemporaryFolder();
        Assert.Contains("WithoutFrozenHead", Assert.Throws<NotSupportedException>(() => frozen.SaveOnnx(folder.File("x.onnx"))).Message, StringComparison.Ordinal);
        frozen.WithoutFrozenHead().SaveOnnx(folder.File("x.onnx"));
    }

    private static float[] OldBias => RandomNetworks.Normal(OldClasses, 14);

    private static float[] OldWeight(Network network) => RandomNetworks.Normal(OldClasses * network.HeadInput().Shape.Elements, 15);

    /// <summary>A network, the same with a frozen head, and the same with all rows in an ordinary head.</summary>
    private (Network Network, Network Frozen, Network Wide) Three(string name)
    {
        Network network = RandomNetworks.Get(name, 3, family.Device);
        float[] weight = OldWeight(network);
        ParameterInfo w = network.Parameters.Parameters.Last(p => p.Name.EndsWith(".weight", StringComparison.Ordinal));
        float[] bias = network.Parameters.TryGet($"{w.Layer}.bias", out _) ? network.GetTensor($"{w.Layer}.bias") : new float[network.Outputs];
        Network wide = network.WithHead(network.Outputs + OldClasses, [.. network.GetTensor(w.Name), .. weight], [.. bias, .. OldBias]);
        return (network, network.WithFrozenHead(OldClasses, weight, OldBias), wide);
    }

    /// <summary>A direction of the network with frozen rows as one of the wide network: zeros for them.</summary>
    private ParameterVector Pad(ParameterVector v, Network wide) => ParameterVector.FromArray(
        wide.Parameters,
        family.Device,
        [.. wide.Parameters.Parameters.SelectMany(p =>
        {
            float[] tensor = new float[p.Length];
            if (v.Layout.TryGet(p.Name, out _)) v.ToArray(p.Name).CopyTo(tensor, 0);
            return tensor;
        })]);

    private static float[] Columns(float[] matrix, int width, int first, int count)
        => [.. Enumerable.Range(0, matrix.Length / width).SelectMany(row => matrix.AsSpan((row * width) + first, count).ToArray())];

    private static double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}

public sealed class FrozenHeadTestsOnCpu() : FrozenHeadTests(KernelFamily.Cpu);

public sealed class FrozenHeadTestsOnGpu() : FrozenHeadTests(KernelFamily.Gpu);
