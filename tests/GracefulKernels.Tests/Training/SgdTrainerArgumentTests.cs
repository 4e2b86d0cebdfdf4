namespace GracefulKernels.Tests;

/// <summary>What training refuses, and how it says that it diverges.</summary>
public class SgdTrainerArgumentTests
{
    [Fact]
    public void BadArgumentsAreNamed()
    {
        Network network = RandomNetworks.Get("vector", 1);
        float[] images = RandomNetworks.Images(network, 2, 1);
        Assert.Equal("images", Assert.Throws<ArgumentException>(() => SgdTrainer.Train(network, images, [0])).ParamName);
        Assert.Equal("labels", Assert.Throws<ArgumentException>(() => SgdTrainer.Train(network, [], [])).ParamName);
        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(() => SgdTrainer.Train(network, images, [0, 3]));
        Assert.Contains("labels[1] is 3; expected a class in [0, 3).", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => SgdTrainer.Train(network, images, [0, 1], new SgdOptions { Momentum = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SgdTrainer.Train(network, images, [0, 1], new SgdOptions { WeightDecay = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SgdTrainer.Train(network, images, [0, 1], new SgdOptions { MaxGradientNorm = 0 }));
        DivergenceException d = Assert.Throws<DivergenceException>(
            () => SgdTrainer.Train(network, images, [0, 1], new SgdOptions { LearningRate = LearningRate.Constant(1e30), Epochs = 20 }));
        Assert.Contains("learning rate 1E+30", d.Message, StringComparison.Ordinal);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => SgdTrainer.Train(network, images, [0, 1], cancellation: source.Token));
    }
}
