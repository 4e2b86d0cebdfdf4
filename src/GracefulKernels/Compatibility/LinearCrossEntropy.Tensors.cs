using System.Numerics.Tensors;

namespace GracefulKernels;

public static unsafe partial class LinearCrossEntropy
{
    /// <summary>
    /// The same over tensor spans, which may lie in anyone's memory: nothing is copied. Matrices may have gaps between their rows, columns follow each other, vectors have no gaps; what does not fit is
    /// refused by name. An operand that is left out is the default span.
    /// </summary>
    /// <param name="embeddings">E [rows × features].</param>
    /// <param name="labels">[rows], each in [0, classes) or <see cref="LinearCrossEntropyOptions.IgnoreIndex"/>.</param>
    /// <param name="weight">W [classes × features].</param>
    /// <param name="bias">b [classes].</param>
    /// <param name="options">null for a plain mean.</param>
    /// <param name="embeddingGradient">dE [rows × features]; zero on ignored rows. What lies between its rows is left alone.</param>
    /// <param name="weightGradient">dW [classes × features], the same.</param>
    /// <param name="biasGradient">db [classes].</param>
    /// <param name="perSample">[rows] cross-entropies, 0 on ignored rows.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A shape or a stride does not fit, or an output overlaps anything else.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range (row and value are named; nothing has been written), or the number of classes is; or more than 2³¹ − 1 rows.</exception>
    public static LinearCrossEntropyResult Evaluate(
        in ReadOnlyTensorSpan<float> embeddings,
        in ReadOnlyTensorSpan<int> labels,
        in ReadOnlyTensorSpan<float> weight,
        in ReadOnlyTensorSpan<float> bias = default,
        LinearCrossEntropyOptions? options = null,
        in TensorSpan<float> embeddingGradient = default,
        in TensorSpan<float> weightGradient = default,
        in TensorSpan<float> biasGradient = default,
        in TensorSpan<float> perSample = default,
        ComputeDevice? device = null)
    {
        fixed (float* e = embeddings, w = weight, b = bias, de = embeddingGradient, dw = weightGradient, db = biasGradient, values = perSample)
        fixed (int* y = labels)
        {
            LinearCrossEntropyOperands operands = new()
            {
                Embeddings = TensorViews.Matrix(embeddings, e, nameof(embeddings)),
                Labels = TensorViews.Vector(labels, y, nameof(labels)),
                Weight = TensorViews.Matrix(weight, w, nameof(weight)),
                Bias = TensorViews.Vector(bias, b, nameof(bias)),
                EmbeddingGradient = TensorViews.Matrix(embeddingGradient, de, nameof(embeddingGradient)),
                WeightGradient = TensorViews.Matrix(weightGradient, dw, nameof(weightGradient)),
                BiasGradient = TensorViews.Vector(biasGradient, db, nameof(biasGradient)),
                PerSample = TensorViews.Vector(perSample, values, nameof(perSample)),
            };
            return Evaluate(options, operands, device);
        }
    }
}
