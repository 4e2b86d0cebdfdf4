using System.Numerics.Tensors;

namespace GracefulKernels;

public static unsafe partial class CongruenceLoss
{
    /// <summary>
    /// The same over tensor spans, which may lie in anyone's memory: nothing is copied. Logits and gradient may have gaps between their rows (a stride of more than C), which are left alone; columns follow
    /// each other, and vectors have no gaps. Strides that do not fit are refused by name. An operand that is left out is the default span.
    /// </summary>
    /// <param name="newLogits">[rows × classes].</param>
    /// <param name="oldLogits">[rows × classes], or of the map's old classes; or the default where there is no old model.</param>
    /// <param name="labels">[rows], each in [0, classes) or <see cref="CongruenceOptions.IgnoreIndex"/>.</param>
    /// <param name="options">What to compute; null for cross-entropy and FD-KL with the paper's weights.</param>
    /// <param name="gradient">[rows × classes], without gaps where there is a class map; zero on ignored rows. May be exactly <paramref name="newLogits"/>'s memory, not otherwise overlap anything.</param>
    /// <param name="perSample">[rows] <c>L_i</c>, 0 on ignored rows.</param>
    /// <param name="newPredictions">[rows] argmax of the new logits, −1 for a row with a NaN.</param>
    /// <param name="oldPredictions">[rows] the same of the old logits.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <param name="referenceLogits">[rows × classes], what ranks the classes of <see cref="CongruenceDistance.LogitDifference"/> with <see cref="RankBy.Reference"/>.</param>
    /// <param name="classMap">Where the old model's classes are others, as for spans.</param>
    /// <exception cref="ArgumentException">
    /// A shape or a stride does not fit, an output overlaps anything but as said, or a distance or the old predictions are asked for without old logits, or reference logits are missing or of no use.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range (row and value are named; nothing has been written), or the number of classes is; or more than 2³¹ − 1 rows.</exception>
    public static CongruenceResult Evaluate(
        in ReadOnlyTensorSpan<float> newLogits,
        in ReadOnlyTensorSpan<float> oldLogits,
        in ReadOnlyTensorSpan<int> labels,
        CongruenceOptions? options = null,
        in TensorSpan<float> gradient = default,
        in TensorSpan<float> perSample = default,
        in TensorSpan<int> newPredictions = default,
        in TensorSpan<int> oldPredictions = default,
        ComputeDevice? device = null,
        in ReadOnlyTensorSpan<float> referenceLogits = default,
        ClassMap? classMap = null)
    {
        fixed (float* z = newLogits, old = oldLogits, reference = referenceLogits, g = gradient, values = perSample)
        fixed (int* y = labels, predictionsNew = newPredictions, predictionsOld = oldPredictions)
        {
            return Evaluate(
                options,
                new CongruenceOperands
                {
                    New = TensorViews.Matrix(newLogits, z, nameof(newLogits)),
                    Old = TensorViews.Matrix(oldLogits, old, nameof(oldLogits)),
                    Reference = TensorViews.Matrix(referenceLogits, reference, nameof(referenceLogits)),
                    Labels = TensorViews.Vector(labels, y, nameof(labels)),
                    Gradient = TensorViews.Matrix(gradient, g, nameof(gradient)),
                    PerSample = TensorViews.Vector(perSample, values, nameof(perSample)),
                    NewPredictions = TensorViews.Vector(newPredictions, predictionsNew, nameof(newPredictions)),
                    OldPredictions = TensorViews.Vector(oldPredictions, predictionsOld, nameof(oldPredictions)),
                },
                classMap,
                device);
        }
    }
}
