namespace GracefulKernels.Cli.Comparison;

/// <summary>
/// An update judged on labelled data, block by block, so that the files may be larger than memory: flips in all, flips of each class, and the
/// mean cross-entropy of both models where their logits are given.
/// </summary>
/// <param name="Total">All samples.</param>
/// <param name="PerClass">By label; null where there are more classes than a table can show.</param>
/// <param name="OldCrossEntropy">Nats, mean over the rows that are not ignored; null where predictions were given.</param>
/// <param name="NewCrossEntropy">The same of the new model.</param>
internal sealed record UpdateComparison(FlipCounts Total, FlipCounts[]? PerClass, double? OldCrossEntropy, double? NewCrossEntropy)
{
    /// <summary>With more classes there are no tables of each: their size is the largest label's, and a file can hold any.</summary>
    private const int MaximumTables = 1 << 16;

    public static UpdateComparison Run(
        Predictions old,
        Predictions @new,
        NpyReader labels,
        int ignoreIndex,
        ComputeDevice device,
        IProgress<double> progress,
        CancellationToken cancellation)
    {
        Predictions.CheckTogether([old, @new], labels);
        int classes = ClassCount.Of([old, @new], labels, ignoreIndex, cancellation);
        CongruenceOptions crossEntropy = new() { Distance = CongruenceDistance.None, Reduction = LossReduction.Sum, IgnoreIndex = ignoreIndex };
        FlipCounts total = default;
        FlipCounts[]? perClass = classes <= MaximumTables ? new FlipCounts[classes] : null;
        double oldLoss = 0, newLoss = 0;
        int blockRows = OutputBlock.RowsOf([old, @new]);
        OutputBlock before = new(old, blockRows), after = new(@new, blockRows);
        foreach ((long first, int[] held, int rows) in LabelBlocks.Read(labels, blockRows, ignoreIndex, classes, cancellation))
        {
            before.Read(first, rows);
            after.Read(first, rows);
            ReadOnlySpan<int> y = held.AsSpan(0, rows);
            if (old.AreLogits)
            {
                oldLoss += CongruenceLoss.Evaluate(before.Logits, [], y, classes, crossEntropy, device: device).BaseLoss;
                newLoss += CongruenceLoss.Evaluate(after.Logits, [], y, classes, crossEntropy, device: device).BaseLoss;
            }
            if (perClass is null)
            {
                total += old.AreLogits
                    ? FlipCounts.FromLogits(before.Logits, after.Logits, y, classes, ignoreIndex, device)
                    : FlipCounts.FromPredictions(before.Predictions, after.Predictions, y, classes, ignoreIndex, device);
            }
            else
            {
                FlipCounts[] part = old.AreLogits
                    ? FlipCounts.PerClassFromLogits(before.Logits, after.Logits, y, classes, ignoreIndex, device)
                    : FlipCounts.PerClassFromPredictions(before.Predictions, after.Predictions, y, classes, ignoreIndex, device);
                for (int c = 0; c < classes; c++)
                {
                    perClass[c] += part[c];
                    total += part[c];
                }
            }
            progress.Report((first + rows) / (double)labels.Rows);
        }
        // 0/0 is NaN, as every figure without samples is.
        return old.AreLogits ? new(total, perClass, oldLoss / total.Samples, newLoss / total.Samples) : new(total, perClass, null, null);
    }
}
