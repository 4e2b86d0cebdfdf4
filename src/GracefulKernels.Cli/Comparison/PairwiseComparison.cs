namespace GracefulKernels.Cli.Comparison;

/// <summary>Flips between every two of several models, read block by block.</summary>
/// <param name="Samples">Labelled rows that are not ignored.</param>
/// <param name="Pairs">[a, b]: old = model a, new = model b.</param>
internal sealed record PairwiseComparison(long Samples, FlipCounts[,] Pairs)
{
    public int Models => Pairs.GetLength(0);

    public static PairwiseComparison Run(
        IReadOnlyList<Predictions> models,
        NpyReader labels,
        int ignoreIndex,
        ComputeDevice device,
        IProgress<double> progress,
        CancellationToken cancellation)
    {
        Predictions.CheckTogether(models, labels);
        int classes = ClassCount.Of(models, labels, ignoreIndex, cancellation);
        FlipCounts[,] pairs = new FlipCounts[models.Count, models.Count];
        long samples = 0;
        int blockRows = OutputBlock.RowsOf(models);
        OutputBlock[] blocks = [.. models.Select(m => new OutputBlock(m, blockRows))];
        int[] predictions = new int[models.Count * (int)Math.Min(blockRows, labels.Rows)];
        CongruenceOptions argmaxOnly = new() { Base = LabelLoss.None, Distance = CongruenceDistance.None, IgnoreIndex = ignoreIndex };
        foreach ((long first, int[] held, int rows) in LabelBlocks.Read(labels, blockRows, ignoreIndex, classes, cancellation))
        {
            ReadOnlySpan<int> y = held.AsSpan(0, rows);
            for (int m = 0; m < blocks.Length; m++)
            {
                Span<int> own = predictions.AsSpan(m * rows, rows);
                blocks[m].Read(first, rows);
                if (models[m].AreLogits)
                {
                    CongruenceLoss.Evaluate(blocks[m].Logits, [], y, classes, argmaxOnly, newPredictions: own, device: device);
                }
                else
                {
                    blocks[m].Predictions.CopyTo(own);
                }
            }
            PairwiseFlips part = PairwiseFlips.FromPredictions(predictions.AsSpan(0, blocks.Length * rows), blocks.Length, y, classes, ignoreIndex, device);
            samples += part.Samples;
            for (int a = 0; a < blocks.Length; a++)
            {
                for (int b = 0; b < blocks.Length; b++) pairs[a, b] += part.Pair(a, b);
            }
            progress.Report((first + rows) / (double)labels.Rows);
        }
        return new(samples, pairs);
    }
}
