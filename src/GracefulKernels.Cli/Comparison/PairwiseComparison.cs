namespace GracefulKernels.Cli.Comparison;

/// <summary>Negative flips between every two of several models, read block by block.</summary>
internal sealed class PairwiseComparison
{
    private const int BlockBytes = 4 << 20;

    private PairwiseComparison(long samples, long[,] negativeFlips, long[] correct)
    {
        Samples = samples;
        NegativeFlips = negativeFlips;
        Correct = correct;
    }

    public long Samples { get; }

    /// <summary>[a, b]: rows that a has right and b has wrong.</summary>
    public long[,] NegativeFlips { get; }

    public long[] Correct { get; }

    public double Nfr(int from, int to) => Samples == 0 ? double.NaN : (double)NegativeFlips[from, to] / Samples;

    public static PairwiseComparison Run(
        IReadOnlyList<Predictions> models, NpyReader labels, int ignoreIndex, IProgress<double> progress, CancellationToken cancellation)
    {
        Predictions.CheckTogether(models, labels);
        long[,] flips = new long[models.Count, models.Count];
        long[] correct = new long[models.Count];
        long samples = 0;
        LogitBlock[] blocks = [.. models.Select(m => new LogitBlock(m, BlockBytes))];
        int classes = models[0].AreLogits ? models[0].Classes : int.MaxValue;
        foreach ((long first, int[] block, int rows) in LabelBlocks.Read(labels, blocks[0].Rows, ignoreIndex, classes, cancellation))
        {
            foreach (LogitBlock model in blocks) model.Read(first, rows);
            for (int i = 0; i < rows; i++)
            {
                if (block[i] == ignoreIndex) continue;
                samples++;
                for (int a = 0; a < blocks.Length; a++)
                {
                    if (blocks[a].Prediction(i) != block[i]) continue;
                    correct[a]++;
                    for (int b = 0; b < blocks.Length; b++)
                    {
                        if (blocks[b].Prediction(i) != block[i]) flips[a, b]++;
                    }
                }
            }
            progress.Report((first + rows) / (double)labels.Rows);
        }
        return new(samples, flips, correct);
    }
}
