using System.Numerics.Tensors;
using GracefulKernels.Kernels;

namespace GracefulKernels;

public readonly unsafe partial record struct FlipCounts
{
    /// <summary>
    /// Flips from logits in tensor spans, which may lie in anyone's memory and have gaps between their rows: nothing is copied. Rows may be more than 2³¹.
    /// </summary>
    /// <param name="oldLogits">[rows × classes], columns next to each other.</param>
    /// <param name="newLogits">[rows × classes], the same.</param>
    /// <param name="labels">[rows] without gaps, each in [0, classes) or <paramref name="ignoreIndex"/>.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <param name="ignoreIndex">A label that takes its row out of every count.</param>
    /// <exception cref="ArgumentException">A shape or a stride does not fit; lengths and strides are named.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range (row and value are named), or the number of classes is.</exception>
    public static FlipCounts FromLogits(
        in ReadOnlyTensorSpan<float> oldLogits,
        in ReadOnlyTensorSpan<float> newLogits,
        in ReadOnlyTensorSpan<int> labels,
        ComputeDevice? device = null,
        int ignoreIndex = -100)
        => CountLogits(oldLogits, newLogits, labels, ignoreIndex, [], device);

    /// <summary>As <c>FromLogits</c> over tensor spans, one table for each class of the label.</summary>
    /// <inheritdoc cref="FromLogits(in ReadOnlyTensorSpan{float}, in ReadOnlyTensorSpan{float}, in ReadOnlyTensorSpan{int}, ComputeDevice?, int)"/>
    /// <returns>[classes] tables; their sum is what <c>FromLogits</c> gives.</returns>
    public static FlipCounts[] PerClassFromLogits(
        in ReadOnlyTensorSpan<float> oldLogits,
        in ReadOnlyTensorSpan<float> newLogits,
        in ReadOnlyTensorSpan<int> labels,
        ComputeDevice? device = null,
        int ignoreIndex = -100)
    {
        long classes = oldLogits.Rank == 2 ? oldLogits.Lengths[1] : 1;
        Check.Classes(classes);
        long[] counts = new long[classes * FlipTable.Fields];
        CountLogits(oldLogits, newLogits, labels, ignoreIndex, counts, device);
        return Tables(counts);
    }

    private static FlipCounts CountLogits(
        in ReadOnlyTensorSpan<float> oldLogits,
        in ReadOnlyTensorSpan<float> newLogits,
        in ReadOnlyTensorSpan<int> labels,
        int ignoreIndex,
        Span<long> perClass,
        ComputeDevice? device)
    {
        fixed (float* old = oldLogits, updated = newLogits)
        fixed (int* y = labels)
        {
            return CountLogits(
                TensorViews.Matrix(oldLogits, old, nameof(oldLogits)),
                TensorViews.Matrix(newLogits, updated, nameof(newLogits)),
                TensorViews.Vector(labels, y, nameof(labels)),
                ignoreIndex,
                perClass,
                device);
        }
    }
}
