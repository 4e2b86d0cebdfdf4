using GracefulKernels.Kernels;

namespace GracefulKernels;

public readonly unsafe partial record struct FlipCounts
{
    /// <summary>
    /// Counts flips of old → new from logits; a prediction is the argmax of its row, the lowest index among equals, none where
    /// the row holds a NaN (never right). Each logit is read once.
    /// </summary>
    /// <param name="oldLogits">[rows × classes], row-major; rows = <c>labels.Length</c>.</param>
    /// <param name="newLogits">[rows × classes], row-major.</param>
    /// <param name="labels">[rows], each in [0, classes) or <paramref name="ignoreIndex"/>.</param>
    /// <param name="classes">C, from 1 to 2²⁴.</param>
    /// <param name="ignoreIndex">A label that takes its row out of every count.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range (row and value are named), or
    /// <paramref name="classes"/> is.</exception>
    public static FlipCounts FromLogits(
        ReadOnlySpan<float> oldLogits,
        ReadOnlySpan<float> newLogits,
        ReadOnlySpan<int> labels,
        int classes,
        int ignoreIndex = -100,
        ComputeDevice? device = null)
        => CountLogits(oldLogits, newLogits, labels, classes, ignoreIndex, [], device);

    /// <summary>As <see cref="FromLogits"/>, one table for each class of the label.</summary>
    /// <inheritdoc cref="FromLogits"/>
    /// <returns>[classes] tables; their sum is what <see cref="FromLogits"/> gives.</returns>
    public static FlipCounts[] PerClassFromLogits(
        ReadOnlySpan<float> oldLogits,
        ReadOnlySpan<float> newLogits,
        ReadOnlySpan<int> labels,
        int classes,
        int ignoreIndex = -100,
        ComputeDevice? device = null)
    {
        Check.Classes(classes);
        long[] counts = new long[(long)classes * FlipTable.Fields];
        CountLogits(oldLogits, newLogits, labels, classes, ignoreIndex, counts, device);
        return Tables(counts);
    }

    /// <summary>Counts flips of old → new from predictions; a negative prediction is none, and never right.</summary>
    /// <param name="oldPredictions">[rows], each below <paramref name="classes"/>; rows = <c>labels.Length</c>.</param>
    /// <param name="newPredictions">[rows].</param>
    /// <param name="labels">[rows], each in [0, classes) or <paramref name="ignoreIndex"/>.</param>
    /// <param name="classes">C, from 1 to 2²⁴.</param>
    /// <param name="ignoreIndex">A label that takes its row out of every count.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label or a prediction is out of range (row and value are named), or
    /// <paramref name="classes"/> is.</exception>
    public static FlipCounts FromPredictions(
        ReadOnlySpan<int> oldPredictions,
        ReadOnlySpan<int> newPredictions,
        ReadOnlySpan<int> labels,
        int classes,
        int ignoreIndex = -100,
        ComputeDevice? device = null)
        => CountPredictions(oldPredictions, newPredictions, labels, classes, ignoreIndex, [], device);

    /// <summary>As <see cref="FromPredictions"/>, one table for each class of the label.</summary>
    /// <inheritdoc cref="FromPredictions"/>
    /// <returns>[classes] tables; their sum is what <see cref="FromPredictions"/> gives.</returns>
    public static FlipCounts[] PerClassFromPredictions(
        ReadOnlySpan<int> oldPredictions,
        ReadOnlySpan<int> newPredictions,
        ReadOnlySpan<int> labels,
        int classes,
        int ignoreIndex = -100,
        ComputeDevice? device = null)
    {
        Check.Classes(classes);
        long[] counts = new long[(long)classes * FlipTable.Fields];
        CountPredictions(oldPredictions, newPredictions, labels, classes, ignoreIndex, counts, device);
        return Tables(counts);
    }

    private static FlipCounts CountLogits(
        ReadOnlySpan<float> oldLogits,
        ReadOnlySpan<float> newLogits,
        ReadOnlySpan<int> labels,
        int classes,
        int ignoreIndex,
        Span<long> perClass,
        ComputeDevice? device)
    {
        Check.Classes(classes);
        Check.Matrix(oldLogits.Length, labels.Length, classes, nameof(oldLogits), Check.RowsOfLabels);
        Check.Matrix(newLogits.Length, labels.Length, classes, nameof(newLogits), Check.RowsOfLabels);
        Check.Labels(labels, classes, ignoreIndex);
        fixed (float* old = oldLogits, updated = newLogits)
        fixed (int* y = labels)
        fixed (long* counts = perClass)
        {
            return new FlipCounts((device ?? ComputeDevice.Default).Kernels.FlipsFromLogits(
                labels.Length,
                classes,
                new Block<float>(old, oldLogits.Length),
                classes,
                new Block<float>(updated, newLogits.Length),
                classes,
                new Block<int>(y, labels.Length),
                ignoreIndex,
                new Block<long>(counts, perClass.Length)));
        }
    }

    private static FlipCounts CountPredictions(
        ReadOnlySpan<int> oldPredictions,
        ReadOnlySpan<int> newPredictions,
        ReadOnlySpan<int> labels,
        int classes,
        int ignoreIndex,
        Span<long> perClass,
        ComputeDevice? device)
    {
        Check.Classes(classes);
        Check.Length(oldPredictions.Length, labels.Length, nameof(oldPredictions), Check.RowsOfLabels);
        Check.Length(newPredictions.Length, labels.Length, nameof(newPredictions), Check.RowsOfLabels);
        Check.Labels(labels, classes, ignoreIndex);
        Check.Predictions(oldPredictions, classes, nameof(oldPredictions));
        Check.Predictions(newPredictions, classes, nameof(newPredictions));
        fixed (int* old = oldPredictions, updated = newPredictions, y = labels)
        fixed (long* counts = perClass)
        {
            return new FlipCounts((device ?? ComputeDevice.Default).Kernels.FlipsFromPredictions(
                labels.Length,
                new Block<int>(old, oldPredictions.Length),
                new Block<int>(updated, newPredictions.Length),
                new Block<int>(y, labels.Length),
                ignoreIndex,
                classes,
                new Block<long>(counts, perClass.Length)));
        }
    }

    internal static FlipCounts[] Tables(long[] counts)
    {
        var tables = new FlipCounts[counts.Length / FlipTable.Fields];
        for (int c = 0; c < tables.Length; c++)
        {
            ReadOnlySpan<long> of = counts.AsSpan(c * FlipTable.Fields, FlipTable.Fields);
            tables[c] = new FlipCounts(of[0], of[1], of[2], of[3], of[4], of[5], of[6]);
        }
        return tables;
    }
}
