using GracefulKernels.Experiments.Data;

namespace GracefulKernels.Experiments.Protocol;

/// <summary>What every method is given: a pre-trained network, a few training samples, and test images that it is judged by.</summary>
/// <param name="Pretrained">As it was trained: ReLU, batch normalisation kept, its own head.</param>
/// <param name="Train">The same number of samples of each class, in a random order.</param>
/// <param name="Test">Never trained on.</param>
/// <param name="Shots">Samples of a class.</param>
/// <param name="Seed">Of the draw, and of the order of samples in stochastic methods.</param>
/// <param name="KeepsHead">Whether the classes are those the network was trained on: then every method begins with the network's own head.</param>
internal sealed record FewShotTask(Network Pretrained, LabelledImages Train, LabelledImages Test, int Shots, int Seed, bool KeepsHead)
{
    /// <summary>The network with activations of this slope and a head fitted by ridge regression on its frozen features, λ by leave-one-out.</summary>
    public RidgeHead WithNewHead(float slope, double alpha) => Pretrained.WithLeakyRelu(slope).WithRidgeHead(
        Train.Images, Train.Labels, LabelledImages.Classes, new RidgeHeadOptions { Alpha = alpha });

    /// <summary>What training by cross-entropy begins with: the network's own head, or a new one fitted to e_y, whose logits have a size near 1.</summary>
    public Network Start(float slope) => KeepsHead ? Pretrained.WithLeakyRelu(slope) : WithNewHead(slope, alpha: 1).Network;

    /// <summary>Test error in per cent.</summary>
    public double ErrorOf(Network network) => Errors.Percent(network.Predict(Test.Images, Test.Count), Test.Labels);

    /// <inheritdoc cref="ErrorOf(Network)"/>
    public double ErrorOf(LinearizedModel model) => Errors.Percent(model.Predict(Test.Images, Test.Count), Test.Labels);
}
