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
}
