namespace GracefulKernels.Tests;

/// <summary>Blocks, and networks in two parts.</summary>
public abstract class ScopeTests(KernelFamily family)
{
    private const int Samples = 7;

    public static TheoryData<string> Networks => RandomNetworks.Names;

    [Theory]
    [MemberData(nameof(Networks))]
    public void EverySplitIsTheSameNetworkBitForBit(string name)
    {
        Network network = RandomNetworks.Get(name, 3, family.Device);
        float[] images = RandomNetworks.Images(network, Samples, 1), first = new float[images.Length], whole = network.Predict(images, Samples);
        ChannelOrder.ToChannelsFirst(Samples, network.InputShape.Channels, network.InputShape.Pixels, images, first);
        foreach (NetworkSplit split in Splits(network))
        {
            float[] inputs = split.TailInputs(first, Samples, ImageLayout.Nchw);
            Tolerance.AssertSameBits(whole, split.Tail.Predict(inputs, Samples), $"{name}, {split.Scope}");
            Network joined = split.Join(split.Tail);
            Tolerance.AssertSameBits(whole, joined.Predict(images, Samples), $"{name}, {split.Scope}, joined");
            Assert.Equal(network.Parameters.Parameters.Select(p => p.Name), joined.Parameters.Parameters.Select(p => p.Name));
            string[] tail = [.. split.Tail.Parameters.Parameters.Select(p => p.Name)];
            Assert.Equal(network.Parameters.Parameters.TakeLast(tail.Length).Select(p => p.Name), tail);
            foreach (string p in tail) Tolerance.AssertSameBits(network.GetTensor(p), split.Tail.GetTensor(p), p);
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void TheTailsDerivativesArePartOfTheWholes(string name)
    {
        Network network = RandomNetworks.Get(name, 3, family.Device);
        float[] images = RandomNetworks.Images(network, Samples, 1), u = RandomNetworks.Normal(Samples * network.Outputs, 4);
        using var whole = new LinearizedNetwork(network, images, Samples);
        using ParameterVector gradient = whole.Vjp(u);
        foreach (NetworkSplit split in Splits(network))
        {
            using var part = new LinearizedNetwork(split.Tail, split.TailInputs(images, Samples), Samples);
            using ParameterVector d = RandomNetworks.Direction(split.Tail, 9);
            long frozen = network.Parameters.Count - split.Tail.Parameters.Count;
            using ParameterVector padded = ParameterVector.FromArray(network.Parameters, family.Device, [.. new float[frozen], .. d.ToArray()]);
            // The whole adds tangents that are zero: other blocks of the inner dimension, a few roundings.
            Tolerance.AssertRelativeNorm([.. whole.Jvp(padded).Select(v => (double)v)], part.Jvp(d), 1e-6, $"{name}, {split.Scope}: jvp");
            using ParameterVector g = part.Vjp(u);
            Tolerance.AssertSameBits(gradient.ToArray().AsSpan((int)frozen), g.ToArray(), $"{name}, {split.Scope}: vjp");
        }
    }

    [Fact]
    public void BlocksOfAResNetAreItsStemItsResidualBlocksAndItsHead()
    {
        Network kept = ResNets.Cifar(20, device: family.Device), folded = kept.With(BatchNormMode.Fold);
        string[] names = ["conv1", .. from stage in Enumerable.Range(1, 3) from block in Enumerable.Range(0, 3) select $"layer{stage}.{block}", "linear"];
        Assert.Equal(names, kept.Blocks.Select(b => b.Layers[0].Split(".conv")[0]));
        Assert.Equal(names, folded.Blocks.Select(b => b.Layers[0].Split(".conv")[0]));
        Assert.Equal(["layer3.2.conv1", "layer3.2.bn1", "layer3.2.conv2", "layer3.2.bn2"], kept.Blocks[^2].Layers);
        Assert.Equal(["conv1", "bn1"], kept.Blocks[0].Layers);
        Assert.Equal(kept.Parameters.Count, kept.Blocks.Sum(b => b.Parameters));
        Assert.Equal("[8 × 8 × 64]", kept.Blocks[^2].Input.ToString());
        Assert.Equal("linear: 650 parameters on [64]", kept.Blocks[^1].ToString());
        NetworkSplit head = folded.Split(LinearizationScope.Head), last = folded.Split(LinearizationScope.LastBlocks(1));
        Assert.Equal(["linear.weight", "linear.bias"], head.Tail.Parameters.Parameters.Select(p => p.Name));
        Assert.Equal(64, head.Trunk!.Outputs);
        Assert.Equal(head.Tail.InputShape, last.Tail.InputShape);
        Assert.Null(folded.Split(LinearizationScope.All).Trunk);
        Assert.Null(folded.Split(LinearizationScope.LastBlocks(11)).Trunk);
        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(() => folded.Split(LinearizationScope.LastBlocks(12)));
        Assert.Contains("The network has 11 blocks; scope asks for the last 12 blocks.", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => LinearizationScope.LastBlocks(0));
    }

    [Fact]
    public void ATailMayGetAnotherHead()
    {
        Network network = RandomNetworks.Get("pools", 3, family.Device);
        NetworkSplit split = network.Split(LinearizationScope.LastBlocks(2));
        float[] images = RandomNetworks.Images(network, Samples, 1);
        Network moved = split.Join(split.Tail.WithRandomHead(9, 2));
        Tolerance.AssertSameBits(network.WithRandomHead(9, 2).Predict(images, Samples), moved.Predict(images, Samples), "new head");
        ArgumentException e = Assert.Throws<ArgumentException>(() => split.Join(network));
        Assert.Contains("tail takes [12 × 10 × 3]; the trunk gives [6 × 5 × 17].", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelOfATailPredictsFromImagesAndSurvivesItsFile()
    {
        foreach (NetworkSplit split in Splits(RandomNetworks.Get("pools", 3, family.Device)))
        {
            float[] images = RandomNetworks.Images(split.Join(split.Tail), Samples, 1);
            using ParameterVector d = RandomNetworks.Direction(split.Tail, 9, 0.1f);
            using var linear = new LinearizedNetwork(split.Tail, split.TailInputs(images, Samples, batchSize: 4), Samples, options: new LinearizedOptions { BatchSize = 4 });
            var model = new LinearizedModel(split, d, 0.5, 15);
            float[] expected = [.. linear.Jvp(d).Zip(linear.F0.ToArray(), (a, b) => a + b)], outputs = model.Predict(images, Samples, batchSize: 4);
            Tolerance.AssertSameBits(expected, outputs, $"{split.Scope}");
            Network nonlinear = model.ToNonlinear();
            Tolerance.AssertSameBits(
                split.Tail.WithUpdate(d).Predict(split.TailInputs(images, Samples), Samples), nonlinear.Predict(images, Samples), $"{split.Scope}: non-linear");
            using var folder = new TemporaryFolder();
            model.Save(folder.File("d.safetensors"));
            Tolerance.AssertSameBits(outputs, LinearizedModel.Load(folder.File("d.safetensors"), split).Predict(images, Samples, batchSize: 4), "file");
        }
    }

    private static IEnumerable<NetworkSplit> Splits(Network network)
    {
        yield return network.Split(LinearizationScope.All);
        for (int k = 1; k <= network.Blocks.Count; k++) yield return network.Split(LinearizationScope.LastBlocks(k));
        if (network.Nodes[^1] is LinearNode) yield return network.Split(LinearizationScope.Head);
    }
}

public sealed class ScopeTestsOnCpu() : ScopeTests(KernelFamily.Cpu);

public sealed class ScopeTestsOnGpu() : ScopeTests(KernelFamily.Gpu);
