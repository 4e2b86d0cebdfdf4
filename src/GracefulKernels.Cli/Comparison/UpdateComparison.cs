namespace GracefulKernels.Cli.Comparison;

/// <summary>
/// An update judged on labelled data, block by block, so that the files may be larger than memory: flips in all, flips of each class, and the
/// mean cross-entropy of both models where their logits are given.
/// </summary>
internal sealed class UpdateComparison
{
    /// <summary>Bytes of logits in memory at once, for each model.</summary>
    private const int BlockBytes = 4 << 20;

    /// <summary>Labels above this have no table of their own: the table's size is the largest label's, and a file can hold any.</summary>
    private const int MaximumClasses = 1 << 20;

    private UpdateComparison(UpdateFigures total, UpdateFigures[]? perClass, double? oldCrossEntropy, double? newCrossEntropy)
    {
        Total = total;
        PerClass = perClass;
        OldCrossEntropy = oldCrossEntropy;
        NewCrossEntropy = newCrossEntropy;
    }

    public UpdateFigures Total { get; }

    /// <summary>By label; null where there are more classes than tables can show.</summary>
    public UpdateFigures[]? PerClass { get; }

    /// <summary>In nats over the rows that are not ignored; null where predictions were given.</summary>
    public double? OldCrossEntropy { get; }

    /// <inheritdoc cref="OldCrossEntropy"/>
    public double? NewCrossEntropy { get; }

    public static UpdateComparison Run(
        Predictions old, Predictions @new, NpyReader labels, int ignoreIndex, IProgress<double> progress, CancellationToken cancellation)
    {
        Predictions.CheckTogether([old, @new], labels);
        UpdateFigures total = default;
        int classes = old.Classes;
        if (!old.AreLogits) classes = LabelBlocks.CountClasses(labels, ignoreIndex, cancellation);
        UpdateFigures[]? perClass = classes <= MaximumClasses ? new UpdateFigures[classes] : null;
        double oldLoss = 0, newLoss = 0;
        LogitBlock oldBlock = new(old, BlockBytes), newBlock = new(@new, BlockBytes);
        foreach ((long first, int[] block, int rows) in LabelBlocks.Read(labels, oldBlock.Rows, ignoreIndex, old.AreLogits ? classes : int.MaxValue, cancellation))
        {
            oldBlock.Read(first, rows);
            newBlock.Read(first, rows);
            for (int i = 0; i < rows; i++)
            {
                if (block[i] == ignoreIndex) continue;
                UpdateFigures row = UpdateFigures.Of(oldBlock.Prediction(i), newBlock.Prediction(i), block[i]);
                total += row;
                if (perClass is not null) perClass[block[i]] += row;
                if (!old.AreLogits) continue;
                oldLoss += oldBlock.CrossEntropy(i, block[i]);
                newLoss += newBlock.CrossEntropy(i, block[i]);
            }
            progress.Report((first + rows) / (double)labels.Rows);
        }
        return old.AreLogits ? new(total, perClass, oldLoss / total.Samples, newLoss / total.Samples) : new(total, perClass, null, null);
    }
}
