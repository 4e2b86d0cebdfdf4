using GracefulKernels.Kernels;

namespace GracefulKernels;

public readonly unsafe partial record struct FlipCounts
{
    /// <summary>Rows of one call of the kernel; counts add up.</summary>
    private const long MostRows = 1 << 30;

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

    /// <summary>As <c>FromLogits</c>, one table for each class of the label.</summary>
    /// <inheritdoc cref="FromLogits(ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{int}, int, int, ComputeDevice?)"/>
    /// <returns>[classes] tables; their sum is what <c>FromLogits</c> gives.</returns>
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

    /// <summary>Flips from logits in anyone's memory, with all checks: what every public entry comes to.</summary>
    /// <param name="perClass">[classes × <see cref="FlipTable.Fields"/>] counts that are added to, or empty.</param>
    internal static FlipCounts CountLogits(MatrixView<float> oldLogits, MatrixView<float> newLogits, Block<int> labels, int ignoreIndex, Span<long> perClass, ComputeDevice? device)
    {
        Check.Classes(oldLogits.Columns);
        int classes = (int)oldLogits.Columns;
        long rows = labels.Length;
        Check.Shape(oldLogits, rows, classes, nameof(oldLogits), Check.RowsOfLabels, anyRows: true);
        Check.Shape(newLogits, rows, classes, nameof(newLogits), Check.RowsOfLabels, anyRows: true);
        Check.Labels(labels, classes, ignoreIndex);
        IKernels kernels = (device ?? ComputeDevice.Default).Kernels;
        FlipCounts all = default;
        fixed (long* counts = perClass)
        {
            for (long first = 0; first < rows; first += MostRows)
            {
                int count = (int)Math.Min(MostRows, rows - first);
                MatrixView<float> old = oldLogits.Slice(first, count), updated = newLogits.Slice(first, count);
                all += new FlipCounts(kernels.FlipsFromLogits(
                    count, classes, old.Data, (int)old.Ld, updated.Data, (int)updated.Ld, labels.Slice(first, count), ignoreIndex, new Block<long>(counts, perClass.Length)));
            }
        }
        return all;
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
        fixed (float* old = oldLogits, updated = newLogits)
        fixed (int* y = labels)
        {
            return CountLogits(
                MatrixView<float>.Of(old, oldLogits.Length, labels.Length, classes, nameof(oldLogits), Check.RowsOfLabels),
                MatrixView<float>.Of(updated, newLogits.Length, labels.Length, classes, nameof(newLogits), Check.RowsOfLabels),
                new Block<int>(y, labels.Length),
                ignoreIndex,
                perClass,
                device);
        }
    }

    /// <summary>Flips from predictions in anyone's memory, with all checks.</summary>
    internal static FlipCounts CountPredictions(
        Block<int> oldPredictions, Block<int> newPredictions, Block<int> labels, int classes, int ignoreIndex, Span<long> perClass, ComputeDevice? device)
    {
        Check.Classes(classes);
        Check.Length(oldPredictions, labels.Length, nameof(oldPredictions), Check.RowsOfLabels);
        Check.Length(newPredictions, labels.Length, nameof(newPredictions), Check.RowsOfLabels);
        Check.Labels(labels, classes, ignoreIndex);
        Check.Predictions(oldPredictions, classes, nameof(oldPredictions));
        Check.Predictions(newPredictions, classes, nameof(newPredictions));
        fixed (long* counts = perClass)
        {
            return new FlipCounts((device ?? ComputeDevice.Default).Kernels.FlipsFromPredictions(
                labels.Length, oldPredictions, newPredictions, labels, ignoreIndex, classes, new Block<long>(counts, perClass.Length)));
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
        fixed (int* old = oldPredictions, updated = newPredictions, y = labels)
        {
            return CountPredictions(
                new Block<int>(old, oldPredictions.Length),
                new Block<int>(updated, newPredictions.Length),
                new Block<int>(y, labels.Length),
                classes,
                ignoreIndex,
                perClass,
                device);
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
