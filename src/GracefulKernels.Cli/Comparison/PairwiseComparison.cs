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
        int[] predictions = new int[models.Count * OutputRows.BlockRows(models, labels.Rows)];
        CongruenceOptions argmaxOnly = new() { Base = LabelLoss.None, Distance = CongruenceDistance.None, IgnoreIndex = ignoreIndex };
        foreach (OutputRows block in OutputRows.Read(models, labels, ignoreIndex, classes, cancellation))
        {
            ReadOnlySpan<int> y = block.Labels;
            for (int m = 0; m < models.Count; m++)
            {
                Span<int> own = predictions.AsSpan(m * y.Length, y.Length);
                if (models[m].AreLogits) CongruenceLoss.Evaluate(block[m].Logits, [], y, classes, argmaxOnly, newPredictions: own, device: device);
                else block[m].Predictions.CopyTo(own);
            }
            PairwiseFlips part = PairwiseFlips.FromPredictions(predictions.AsSpan(0, models.Count * y.Length), models.Count, y, classes, ignoreIndex, device);
            samples += part.Samples;
            for (int a = 0; a < models.Count; a++)
            {
                for (int b = 0; b < models.Count; b++) pairs[a, b] += part.Pair(a, b);
            }
            progress.Report((block.First + block.Rows) / (double)labels.Rows);
        }
        return new(samples, pairs);
    }
}
