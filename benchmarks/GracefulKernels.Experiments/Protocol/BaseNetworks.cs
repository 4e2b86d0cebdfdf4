using GracefulKernels.Experiments.Data;

namespace GracefulKernels.Experiments.Protocol;

/// <summary>The networks that are fine-tuned: ResNets trained on CIFAR-10 (akamaster/pytorch_resnet_cifar10).</summary>
internal static class BaseNetworks
{
    /// <summary>With batch normalisation kept, as it was trained: ReLU.</summary>
    /// <exception cref="FileNotFoundException">The weights are not here.</exception>
    public static Network Load(int depth, ComputeDevice device) => ResNets.Cifar(depth, device: device).LoadWeights(DataFolders.Data(depth switch
    {
        20 => "resnet-cifar10/resnet20-12fca82f.safetensors",
        56 => "resnet-cifar10/resnet56-4bfd9763.safetensors",
        _ => throw new ArgumentOutOfRangeException(nameof(depth), depth, "There are weights for depth 20 and 56."),
    }));

    /// <summary>
    /// The same trunk with an embedding of few numbers: a linear layer <c>embed</c> behind it, and a classifier <c>linear</c> without bias behind that, both drawn. Without a bias
    /// the classifier judges directions, as cosines do. What a frozen classifier of C classes
    /// says of an embedding, it says of the C − 1 dimensions in which its rows differ: with ten classes and 64 features the others would be left to themselves.
    /// </summary>
    public static Network WithEmbedding(Network network, int width, int classes, int seed)
    {
        NetworkSplit split = network.Split(LinearizationScope.Head);
        var tail = new NetworkBuilder(split.Tail.InputShape.Elements);
        return split.Join(tail.Build(tail.Linear("linear", tail.Linear("embed", tail.Input, width), classes, bias: false), network.Device).WithRandomWeights(seed));
    }
}
