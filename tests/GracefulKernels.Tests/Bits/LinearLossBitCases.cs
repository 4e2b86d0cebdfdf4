using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Linear + cross-entropy: one chunk and several, classes whole and cut, ignored rows, rows that lie apart, every option.</summary>
internal static class LinearLossBitCases
{
    public static IEnumerable<BitCase> All =>
    [
        .. from s in new[] { (1, 1, 1), (37, 19, 13), (300, 24, 65), (75, 40, 300) }
           from options in new LinearLossOptions[] { new(), new() { LabelSmoothing = 0.1f, GradientScale = 0.01f, AddToEmbeddings = true, AddToParameters = true } }
           select Of(s.Item1, s.Item2, s.Item3, options),
        Of(90, 5, 40_000, new()),
        Of(20, 4, 50_001, new() { LabelSmoothing = 0.1f }),
    ];

    public static BitCase Of(int rows, int features, int classes, LinearLossOptions options) => new(
        nameof(IKernels.LinearCrossEntropy), $"{rows}x{features}x{classes} {options}", (kernels, o) =>
        {
            int ldE = features + 3, ldW = features + 1, ldDe = features + 2;
            // The last row ends with its last element.
            long length = ((rows - 1L) * ldE) + features, weights = ((classes - 1L) * ldW) + features;
            o.Returns(kernels.LinearCrossEntropy(
                options,
                new LinearLossOperands
                {
                    Rows = rows,
                    Features = features,
                    Classes = classes,
                    Embeddings = o.Input(1, length),
                    LdEmbeddings = ldE,
                    Weight = o.Input(2, weights),
                    LdWeight = ldW,
                    Bias = o.Input(3, classes),
                    Labels = o.Labels(4, rows, classes),
                    EmbeddingGradient = o.Updated(5, ((rows - 1L) * ldDe) + features),
                    LdEmbeddingGradient = ldDe,
                    WeightGradient = o.Updated(6, weights),
                    LdWeightGradient = ldW,
                    BiasGradient = o.Updated(7, classes),
                    Values = o.Output(rows),
                }));
        });
}
