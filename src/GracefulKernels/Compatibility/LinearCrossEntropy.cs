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
public static unsafe partial class LinearCrossEntropy
{
    private static readonly LinearCrossEntropyOptions PlainMean = new();

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
        CheckHead(head, nameof(head));
        int rows = labels.Length;
        fixed (float* e = embeddings, w = head.Weight, b = head.Bias, de = embeddingGradient, dw = weightGradient, db = biasGradient, values = perSample)
        fixed (int* y = labels)
        {
            LinearCrossEntropyOperands operands = Operands(e, embeddings.Length, y, rows, head, w, b) with
            {
                EmbeddingGradient = Optional(de, embeddingGradient.Length, rows, head.Features, nameof(embeddingGradient), Check.RowsOfLabels),
                WeightGradient = Optional(dw, weightGradient.Length, head.Classes, head.Features, nameof(weightGradient), "classes × features of the head"),
                BiasGradient = new Block<float>(db, biasGradient.Length),
                PerSample = new Block<float>(values, perSample.Length),
            };
            return Evaluate(options, operands, device);
        }
    }

    /// <summary>The same over anyone's memory, with all checks: what every public entry comes to.</summary>
    internal static LinearCrossEntropyResult Evaluate(LinearCrossEntropyOptions? options, in LinearCrossEntropyOperands memory, ComputeDevice? device)
    {
        options ??= PlainMean;
        memory.Validate();
        long valid = Check.Labels(memory.Labels, (int)memory.Weight.Rows, options.IgnoreIndex);
        bool mean = options.Reduction == LossReduction.Mean;
        LinearLossSums sums = (device ?? ComputeDevice.Default).Kernels.LinearCrossEntropy(
            new LinearLossOptions
            {
                LabelSmoothing = options.LabelSmoothing,
                IgnoreIndex = options.IgnoreIndex,
                GradientScale = mean ? (float)(1.0 / Math.Max(1, valid)) : 1f,
                AddToEmbeddings = options.AddToGradients,
                AddToParameters = options.AddToGradients,
            },
            memory.ToKernel());
        return new LinearCrossEntropyResult(mean ? sums.Loss / sums.ValidRows : sums.Loss, sums.ValidRows, sums.UndefinedRows);
    }

    internal static void CheckHead(ClassifierHead head, string name)
    {
        if (head.Classes == 0) throw new ArgumentException($"{name} is the default value, without classes; expected a head over [classes × features].", name);
    }

    /// <summary>The inputs of pinned spans.</summary>
    internal static LinearCrossEntropyOperands Operands(float* embeddings, int length, int* labels, int rows, ClassifierHead head, float* weight, float* bias) => new()
    {
        Embeddings = MatrixView<float>.Of(embeddings, length, rows, head.Features, nameof(embeddings), Check.RowsOfLabels),
        Labels = new Block<int>(labels, rows),
        Weight = MatrixView<float>.Of(weight, head.Weight.Length, head.Classes, head.Features, nameof(weight), "classes × features"),
        Bias = new Block<float>(bias, head.Bias.Length),
    };

    internal static MatrixView<float> Optional(float* pinned, int length, int rows, int columns, string name, string meaning)
        => length == 0 ? default : MatrixView<float>.Of(pinned, length, rows, columns, name, meaning);
}
