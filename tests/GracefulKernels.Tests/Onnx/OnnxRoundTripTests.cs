using GracefulKernels.Onnx;

namespace GracefulKernels.Tests;

/// <summary>What is saved as ONNX comes back the same, and ONNX Runtime computes the same from it.</summary>
public sealed class OnnxRoundTripTests
{
    private const int Samples = 5;

    public static TheoryData<string> Exported => OnnxGoldenTests.Exported;

    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void ANetworkComesBackTheSameBitForBit(string name)
    {
        foreach (int seed in (int[])[1, 2])
        {
            Network network = RandomNetworks.Get(name, seed);
            AssertRoundTrip(network, name);
            AssertRuntimeAgrees(network, name);
        }
    }

    [Fact]
    public void GeometriesThatNoBuilderCallGivesComeBackToo()
    {
        var b = new NetworkBuilder(11, 8, 3);
        LayerOutput x = b.LeakyRelu(b.Convolution("conv", b.Input, new(1, 11, 8, 3, 6, 3, 2, 2, 1, 2, 0, 1, 1, 1, 2), bias: true), 0.25f);
        x = b.MaxPool(x, new Kernels.PoolShape(1, x.Shape.Height, x.Shape.Width, 6, 2, 3, 1, 2, 1, 0, 0, 1, true));
        x = b.MeanPool(x, new Kernels.PoolShape(1, x.Shape.Height, x.Shape.Width, 6, 3, 2, 2, 1, 1, 1, 0, 0, false));
        x = b.Shortcut(b.Shortcut(b.Shortcut(x, 2, 0, 0), 1, 2, 0), 1, 0, 0);
        Network network = b.Build(b.Linear("fc", b.Flatten(b.BatchNorm("bn", x, 1e-3)), 4)).WithRandomWeights(3);
        AssertRoundTrip(network, "geometry");
        AssertRuntimeAgrees(network, "geometry");
    }

    [Fact]
    public void PartsOfANetworkSaveToo()
    {
        // A trunk: the output is an image.
        var b = new NetworkBuilder(7, 6, 2);
        LayerOutput image = b.Relu(b.Convolution("conv", b.Input, 5, 3, padding: 1, stride: 2));
        Network trunk = b.BuildTrunk(image, null).WithRandomWeights(1);
        AssertRoundTrip(trunk, "trunk");
        float[] x = RandomNetworks.Images(trunk, Samples, 1), own = trunk.Predict(x, Samples, ImageLayout.Nchw), first = new float[own.Length];
        ChannelOrder.ToChannelsFirst(Samples, 5, image.Shape.Pixels, own, first);
        (float[] theirs, int[] shape) = OnnxRuntime.Run(OnnxExporter.Export(trunk), x, OnnxRuntime.Shape(trunk, Samples));
        Assert.Equal([Samples, 5, image.Shape.Height, image.Shape.Width], shape);
        Tolerance.AssertClose([.. theirs.Select(v => (double)v)], first, 1e-5, 1e-5, "trunk");

        // A tail that begins behind a flattening: its file takes the image.
        var tail = new Network(
            [new InputNode(new LayerShape(3, 4, 5, true)), new LinearNode("fc", [0], new LayerShape(1, 1, 6, true), new LayerShape(3, 4, 5, true), true)], ComputeDevice.Default);
        tail = tail.WithRandomWeights(2);
        float[] features = RandomNetworks.Images(tail, Samples, 3);
        Network back = SaveAndLoad(tail);
        Tolerance.AssertSameBits(tail.Predict(features, Samples), back.Predict(features, Samples), "tail");
        AssertRuntimeAgrees(back, "tail");
    }

    [Theory]
    [MemberData(nameof(Exported))]
    public void GoldenNetworksComeBackTheSameAndTheRuntimeAgrees(string name)
    {
        Network network = Network.Load(Path.Combine(Golden.Folder("onnx"), $"{name}.onnx"));
        AssertRoundTrip(network, name);
        (double[] images, int[] shape) = Golden.Npy(Path.Combine(Golden.Folder("onnx"), "images.npy"));
        float[] x = [.. images.Select(v => (float)v)];
        float[] original = OnnxRuntime.Run(File.ReadAllBytes(Path.Combine(Golden.Folder("onnx"), $"{name}.onnx")), x, shape).Values;
        float[] saved = OnnxRuntime.Run(OnnxExporter.Export(network), x, shape).Values;
        // Two fp32 evaluations of twenty layers.
        Tolerance.AssertClose([.. original.Select(v => (double)v)], saved, 1e-4, 1e-4, $"{name}: the saved file against the original in the runtime");
        Tolerance.AssertClose([.. original.Select(v => (double)v)], network.Predict(x, shape[0], ImageLayout.Nchw), 1e-4, 1e-4, $"{name}: ours");
    }

    [Theory]
    [InlineData(20, "resnet20-12fca82f", 100)]
    [InlineData(56, "resnet56-4bfd9763", 50)]
    public void RealResNetsOnRealImagesAgreeWithTheRuntime(int depth, string weights, int n)
    {
        Network network = ResNets.Cifar(depth).LoadWeights(Golden.Data($"resnet-cifar10/{weights}.safetensors"));
        using TemporaryFolder folder = new();
        string path = folder.File("resnet.onnx");
        network.SaveOnnx(path);
        float[] last = Cifar.Images[..(n * 3072)], first = new float[last.Length];
        ChannelOrder.ToChannelsFirst(n, 3, 1024, last, first);
        (float[] theirs, int[] shape) = OnnxRuntime.Run(File.ReadAllBytes(path), first, n, 3, 32, 32);
        Assert.Equal([n, 10], shape);
        float[] ours = network.Predict(last, n), loaded = Network.Load(path).Predict(last, n);
        Tolerance.AssertSameBits(ours, loaded, "loaded");
        // fp32 over 20 and 56 layers on both sides.
        Tolerance.AssertClose([.. theirs.Select(v => (double)v)], ours, 1e-4, depth * 2e-5, $"ResNet-{depth}");
        double[] published = Golden.Npy(Golden.Data($"cifar10-logits/test_resnet{depth}_logits.npy")).Values[..(n * 10)];
        Tolerance.AssertClose(published, loaded, 1e-4, depth * 2e-5, $"ResNet-{depth} as published");
    }

    [Fact]
    public void AFailingWriteLeavesTheOldFile()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("m.onnx");
        Network network = RandomNetworks.Get("vector", 1);
        network.SaveOnnx(path);
        byte[] before = File.ReadAllBytes(path);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => RandomNetworks.Get("vector", 2).SaveOnnx(path, cancelled.Token));
        Assert.Throws<DirectoryNotFoundException>(() => network.SaveOnnx(Path.Combine(path + "-none", "m.onnx")));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    internal static Network SaveAndLoad(Network network)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("network.onnx");
        network.SaveOnnx(path);
        return Network.Load(path);
    }

    private static void AssertRoundTrip(Network network, string name)
    {
        Network back = SaveAndLoad(network);
        Assert.Equal(network.InputShape, back.InputShape);
        Assert.Equal(network.Parameters.Parameters.Select(p => p.Name), back.Parameters.Parameters.Select(p => p.Name));
        foreach (ParameterInfo p in network.Parameters.Parameters) Assert.Equal(network.GetTensor(p.Name), back.GetTensor(p.Name));
        float[] images = RandomNetworks.Images(network, Samples, 7);
        Tolerance.AssertSameBits(network.Predict(images, Samples), back.Predict(images, Samples), name);
        // And once more: the file is a fixed point.
        Assert.Equal(OnnxExporter.Export(back), OnnxExporter.Export(SaveAndLoad(back)));
    }

    private static void AssertRuntimeAgrees(Network network, string name)
    {
        float[] images = RandomNetworks.Images(network, Samples, 7);
        (float[] theirs, int[] shape) = OnnxRuntime.Run(OnnxExporter.Export(network), images, OnnxRuntime.Shape(network, Samples));
        Assert.Equal([Samples, network.Outputs], shape);
        // A few layers in fp32, sums in another order.
        Tolerance.AssertClose([.. theirs.Select(v => (double)v)], network.Predict(images, Samples, ImageLayout.Nchw), 2e-5, 2e-5, name);
    }
}
