namespace GracefulKernels.Tests;

/// <summary>Predictions of a network and of its folded form.</summary>
public abstract class PredictionTests(KernelFamily family)
{
    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void BothImageLayoutsMeanTheSame(string name)
    {
        Network network = RandomNetworks.Get(name, 3, family.Device);
        LayerShape x = network.InputShape;
        float[] last = RandomNetworks.Images(network, 5, 1), first = new float[last.Length];
        ChannelOrder.ToChannelsFirst(5, x.Channels, x.Pixels, last, first);
        Tolerance.AssertSameBits(network.Predict(last, 5), network.Predict(first, 5, ImageLayout.Nchw), "NCHW");
        Assert.Empty(network.Predict([], 0));
        // Twice through one workspace, and other batches in between.
        float[] again = network.Predict(last, 5, batchSize: 2);
        Tolerance.AssertClose([.. network.Predict(last, 5).Select(v => (double)v)], again, 1e-5, 1e-5, "batches of 2");
    }

    [Fact]
    public void FoldingKeepsTheFunction()
    {
        var b = new NetworkBuilder(6, 5, 2);
        LayerOutput x = b.LeakyRelu(b.BatchNorm("bn1", b.Convolution("conv1", b.Input, 4, 3, padding: 1, bias: false)), 0.05f);
        x = b.Add(b.BatchNorm("bn2", b.Convolution("conv2", x, 4, 3, padding: 1)), x);
        Network network = b.Build(b.BatchNorm("bn3", b.Linear("fc", b.Flatten(x), 3)), family.Device).WithRandomWeights(1);
        using ParameterVector noise = RandomNetworks.Direction(network, 2, 0.3f);
        network = network.WithUpdate(noise);
        Network folded = network.With(BatchNormMode.Fold);
        Assert.Equal(["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc.weight", "fc.bias"], folded.Parameters.Parameters.Select(p => p.Name));
        float[] images = RandomNetworks.Images(network, 4, 1);
        // One rounding of each weight more.
        Tolerance.AssertClose([.. network.Predict(images, 4).Select(v => (double)v)], folded.Predict(images, 4), 1e-5, 1e-5, "folded");
        Assert.Same(network, network.With(BatchNormMode.Keep));
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => RandomNetworks.Get("kept", 1, family.Device).FoldBatchNorm());
        Assert.Contains("'first' cannot be folded", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SeveralThreadsMayPredictAtOnce()
    {
        Network network = RandomNetworks.Get("residual", 3, family.Device);
        float[] images = RandomNetworks.Images(network, 9, 1), expected = network.Predict(images, 9, batchSize: 4);
        System.Threading.Tasks.Parallel.For(0, 16, i => Tolerance.AssertSameBits(expected, network.Predict(images, 9, batchSize: 4), $"call {i}"));
    }
}

public sealed class PredictionTestsOnCpu() : PredictionTests(KernelFamily.Cpu);

public sealed class PredictionTestsOnGpu() : PredictionTests(KernelFamily.Gpu);
