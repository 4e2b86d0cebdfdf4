using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>[Rows × Features] embeddings into Classes.</summary>
internal readonly record struct LinearLossShape(int Rows, int Features, int Classes);

/// <summary>
/// Linear + cross-entropy with all three gradients. Three products of 2·rows·features·classes operations, an exponential a logit; what is read and written are embeddings, weights and their
/// gradients, for the logits need not exist.
/// </summary>
internal static class LinearLossCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        Case(new(4096, 256, 10_000), quick: false),
        Case(new(2048, 128, 100_000), quick: false),
        Case(new(256, 64, 1000), quick: true),
    ];

    private static BenchCase Case(LinearLossShape s, bool quick)
    {
        double logits = (double)s.Rows * s.Classes, weights = (double)s.Classes * s.Features, embeddings = (double)s.Rows * s.Features;
        WorkCount work = new()
        {
            Flops = 6 * logits * s.Features,
            Exps = logits,
            BytesRead = 4 * (embeddings + weights + s.Classes + s.Rows),
            BytesWritten = 4 * (embeddings + weights + s.Classes),
        };
        return new BenchCase("linear-ce", $"{s.Rows}x{s.Features}x{s.Classes}", s, work, (kernels, operands) =>
        {
            LinearLossOptions options = new() { GradientScale = 1f / s.Rows };
            LinearLossOperands losses = new()
            {
                Rows = s.Rows,
                Features = s.Features,
                Classes = s.Classes,
                Embeddings = operands.Input((long)s.Rows * s.Features),
                LdEmbeddings = s.Features,
                Weight = operands.Input((long)s.Classes * s.Features, -0.3f, 0.3f),
                LdWeight = s.Features,
                Bias = operands.Input(s.Classes),
                Labels = operands.Labels(s.Rows, s.Classes),
                EmbeddingGradient = operands.Output((long)s.Rows * s.Features),
                LdEmbeddingGradient = s.Features,
                WeightGradient = operands.Output((long)s.Classes * s.Features),
                LdWeightGradient = s.Features,
                BiasGradient = operands.Output(s.Classes),
            };
            operands.Run = () => operands.Returned = kernels.LinearCrossEntropy(options, losses).Loss;
        })
        { Quick = quick };
    }
}
