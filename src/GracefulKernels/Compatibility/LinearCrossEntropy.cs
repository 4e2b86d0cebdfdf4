using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Cross-entropy of a linear classifier with its gradients, logits and all in one operation: logits exist in chunks that stay in cache, never as a matrix [rows × classes].
/// </summary>
/// <remarks>
/// Products are fp32; a row's softmax is relative to its maximum, rows are summed in fp64. Results are the same bits on every instruction set and for any number of threads. Extra memory
/// is that of a chunk: 11 MB of logits on the processor, whatever the batch is; 128 MB, or those of 64 rows where these are more, on other devices. A row with a NaN among its logits has loss NaN, and makes the
/// gradients of weight and bias NaN; a logit of −∞ has probability 0; several of +∞ share theirs.
/// </remarks>
public static unsafe class LinearCrossEntropy
{
    /// <summary>
    /// <c>Σ_i −Σ_k q_ik log p_ik</c> (or its mean over valid rows) with <c>p = softmax(E·Wᵀ + b)</c>, and <c>dE = P·W</c>, <c>dW = Pᵀ·E</c>, <c>db = Σ_i P_i</c>
    /// with <c>P = p − q</c> (over the valid rows, for a mean).
    /// </summary>
    /// <param name="embeddings">E [rows × head.Features], row-major; rows = <c>labels.Length</c>.</param>
    /// <param name="labels">[rows], each in [0, head.Classes) or <see cref="LinearCrossEntropyOptions.IgnoreIndex"/>.</param>
    /// <param name="head">W and b.</param>
    /// <param name="options">null for a plain mean.</param>
    /// <param name="embeddingGradient">dE [rows × head.Features], or empty; zero on ignored rows.</param>
    /// <param name="weightGradient">dW [head.Classes × head.Features], or empty.</param>
    /// <param name="biasGradient">db [head.Classes], or empty.</param>
    /// <param name="perSample">[rows] cross-entropies, 0 on ignored rows; or empty.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit, the head is empty, or an output overlaps anything else.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range; row and value are named, nothing has been written.</exception>
    public static LinearCrossEntropyResult Evaluate(
        ReadOnlySpan<float> embeddings,
        ReadOnlySpan<int> labels,
        ClassifierHead head,
        LinearCrossEntropyOptions? options = null,
        Span<float> embeddingGradient = default,
        Span<float> weightGradient = default,
        Span<float> biasGradient = default,
        Span<float> perSample = default,
        ComputeDevice? device = null)
    {
        options ??= new LinearCrossEntropyOptions();
        int rows = labels.Length;
        CheckHead(head, nameof(head));
        Check.Matrix(embeddings.Length, rows, head.Features, nameof(embeddings), "rows = labels.Length");
        CheckOutputs(rows, head, embeddingGradient, weightGradient, biasGradient);
        if (!perSample.IsEmpty) Check.Length(perSample.Length, rows, nameof(perSample), "rows = labels.Length");
        CheckApart(embeddings, head, embeddingGradient, weightGradient, biasGradient);
        CheckApart(perSample, nameof(perSample), embeddings, head, embeddingGradient, weightGradient, biasGradient);
        long valid = Check.Labels(labels, head.Classes, options.IgnoreIndex);
        bool mean = options.Reduction == LossReduction.Mean;
        fixed (float* e = embeddings, w = head.Weight, b = head.Bias, de = embeddingGradient, dw = weightGradient, db = biasGradient, values = perSample)
        fixed (int* y = labels)
        {
            LinearLossSums sums = (device ?? ComputeDevice.Default).Kernels.LinearCrossEntropy(
                new LinearLossOptions
                {
                    LabelSmoothing = options.LabelSmoothing,
                    IgnoreIndex = options.IgnoreIndex,
                    GradientScale = mean ? (float)(1.0 / Math.Max(1, valid)) : 1f,
                    AddToEmbeddings = options.AddToGradients,
                    AddToParameters = options.AddToGradients,
                },
                new LinearLossOperands
                {
                    Rows = rows,
                    Features = head.Features,
                    Classes = head.Classes,
                    Embeddings = new Block<float>(e, embeddings.Length),
                    LdEmbeddings = head.Features,
                    Weight = new Block<float>(w, head.Weight.Length),
                    LdWeight = head.Features,
                    Bias = new Block<float>(b, head.Bias.Length),
                    Labels = new Block<int>(y, rows),
                    EmbeddingGradient = new Block<float>(de, embeddingGradient.Length),
                    LdEmbeddingGradient = head.Features,
                    WeightGradient = new Block<float>(dw, weightGradient.Length),
                    LdWeightGradient = head.Features,
                    BiasGradient = new Block<float>(db, biasGradient.Length),
                    Values = new Block<float>(values, perSample.Length),
                });
            return new LinearCrossEntropyResult(mean ? sums.Loss / sums.ValidRows : sums.Loss, sums.ValidRows, sums.UndefinedRows);
        }
    }

    internal static void CheckHead(ClassifierHead head, string name)
    {
        if (head.Classes == 0) throw new ArgumentException($"{name} is the default value, without classes; expected a head over [classes × features].", name);
    }

    internal static void CheckOutputs(int rows, ClassifierHead head, ReadOnlySpan<float> embeddingGradient, ReadOnlySpan<float> weightGradient, ReadOnlySpan<float> biasGradient)
    {
        if (!embeddingGradient.IsEmpty) Check.Matrix(embeddingGradient.Length, rows, head.Features, nameof(embeddingGradient), "rows = labels.Length");
        if (!weightGradient.IsEmpty) Check.Matrix(weightGradient.Length, head.Classes, head.Features, nameof(weightGradient), "classes × features of the head");
        if (!biasGradient.IsEmpty) Check.Length(biasGradient.Length, head.Classes, nameof(biasGradient), "classes of the head");
    }

    /// <summary>Gradients overlap neither inputs nor each other.</summary>
    internal static void CheckApart(
        ReadOnlySpan<float> embeddings, ClassifierHead head, ReadOnlySpan<float> embeddingGradient, ReadOnlySpan<float> weightGradient, ReadOnlySpan<float> biasGradient)
    {
        CheckApart(embeddingGradient, nameof(embeddingGradient), embeddings, head, default, weightGradient, biasGradient);
        CheckApart(weightGradient, nameof(weightGradient), embeddings, head, default, default, biasGradient);
        CheckApart(biasGradient, nameof(biasGradient), embeddings, head, default, default, default);
    }

    internal static void CheckApart(
        ReadOnlySpan<float> output,
        string name,
        ReadOnlySpan<float> embeddings,
        ClassifierHead head,
        ReadOnlySpan<float> embeddingGradient,
        ReadOnlySpan<float> weightGradient,
        ReadOnlySpan<float> biasGradient)
    {
        Check.Apart(output, embeddings, name, nameof(embeddings));
        Check.Apart(output, head.Weight, name, "a head's weight");
        Check.Apart(output, head.Bias, name, "a head's bias");
        Check.Apart(output, embeddingGradient, name, nameof(embeddingGradient));
        Check.Apart(output, weightGradient, name, nameof(weightGradient));
        Check.Apart(output, biasGradient, name, nameof(biasGradient));
    }
}
