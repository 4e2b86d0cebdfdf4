using GracefulKernels.Experiments.Data;

namespace GracefulKernels.Experiments.Ablation;

/// <summary>Small networks trained here from scratch, once with leaky ReLU and once with ReLU, so that neither is changed afterwards.</summary>
internal static class AblationBase
{
    private const int Depth = 8, Epochs = 10;

    /// <summary>
    /// ResNet-8 trained by cross-entropy with SGD on a source. Batch normalisation is in evaluation with mean 0 and variance 1: an affine map that is trained.
    /// </summary>
    public static Network Train(LabelledImages source, float slope, int epochs, ComputeDevice device)
        => SgdTrainer.Train(ResNets.Cifar(Depth, LabelledImages.Classes, slope, device).WithRandomWeights(1), source.Images, source.Labels, new SgdOptions
        {
            LearningRate = LearningRate.Cosine(0.02),
            BatchSize = 32,
            Epochs = epochs,
            WeightDecay = 5e-4,
            Seed = 1,
        });

    /// <inheritdoc cref="Train(LabelledImages, float, int, ComputeDevice)"/>
    public static Network Train(LabelledImages source, float slope, ComputeDevice device) => Train(source, slope, Epochs, device);
}
