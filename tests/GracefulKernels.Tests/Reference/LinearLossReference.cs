using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Linear + cross-entropy by its definition, in fp64, one logit at a time. Matrices are contiguous.</summary>
internal sealed class LinearLossReference
{
    public LinearLossReference(LinearLossOptions options, int features, int classes, float[] e, float[] w, float[] b, int[] labels, float[]? addTo = null, float[]? addToWeight = null, float[]? addToBias = null)
    {
        int rows = labels.Length;
        Values = new double[rows];
        EmbeddingGradient = Start(addTo, options.AddToEmbeddings, rows * features);
        WeightGradient = Start(addToWeight, options.AddToParameters, classes * features);
        BiasGradient = Start(addToBias, options.AddToParameters, classes);
        double[] z = new double[classes];
        for (int r = 0; r < rows; r++)
        {
            if (labels[r] == options.IgnoreIndex) continue;
            for (int c = 0; c < classes; c++)
            {
                double sum = b.Length > 0 ? b[c] : 0, magnitude = Math.Abs(sum);
                for (int f = 0; f < features; f++)
                {
                    double product = (double)e[(r * features) + f] * w[(c * features) + f];
                    sum += product;
                    magnitude += Math.Abs(product);
                }
                z[c] = sum;
                Magnitude = Math.Max(Magnitude, magnitude);
            }
            Row(options, r, features, classes, e, w, z, labels[r]);
        }
    }

    public double[] Values { get; }

    public double[] EmbeddingGradient { get; }

    public double[] WeightGradient { get; }

    public double[] BiasGradient { get; }

    /// <summary>The largest Σ |e w| + |b| of a logit: what its rounding is relative to.</summary>
    public double Magnitude { get; }

    private static double[] Start(float[]? initial, bool adds, int length) => adds ? [.. initial!.Select(v => (double)v)] : new double[length];

    private void Row(LinearLossOptions options, int r, int features, int classes, float[] e, float[] w, double[] z, int label)
    {
        double max = z.Max(), total = z.Sum(v => Math.Exp(v - max)), log = max + Math.Log(total), smoothing = options.LabelSmoothing;
        for (int c = 0; c < classes; c++)
        {
            double q = (smoothing / classes) + (c == label ? 1 - smoothing : 0), g = options.GradientScale * (Math.Exp(z[c] - log) - q);
            Values[r] -= q * (z[c] - log);
            BiasGradient[c] += g;
            for (int f = 0; f < features; f++)
            {
                EmbeddingGradient[(r * features) + f] += g * w[(c * features) + f];
                WeightGradient[(c * features) + f] += g * e[(r * features) + f];
            }
        }
    }
}
