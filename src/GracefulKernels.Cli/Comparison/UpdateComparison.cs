namespace GracefulKernels.Cli.Comparison;

/// <summary>
/// An update judged on labelled data, block by block, so that the files may be larger than memory: flips in all, flips of each class, and the
/// mean cross-entropy of both models where their logits are given.
/// </summary>
/// <param name="Rows">Rows of the files, the ignored ones with them.</param>
/// <param name="Classes">C of the new model.</param>
/// <param name="Total">All samples.</param>
/// <param name="PerClass">By label; null where there are more classes than a table can show.</param>
/// <param name="OldCrossEntropy">Nats, mean over the rows that are not ignored and whose class the old model knows; null where predictions were given.</param>
/// <param name="NewCrossEntropy">The same of the new model.</param>
/// <param name="Flips">The first samples that flipped.</param>
internal sealed record UpdateComparison(
    long Rows, int Classes, FlipCounts Total, FlipCounts[]? PerClass, double? OldCrossEntropy, double? NewCrossEntropy, FlippedSamples Flips)
{
    /// <summary>With more classes there are no tables of each: their size is the largest label's, and a file can hold any.</summary>
    private const int MaximumTables = 1 << 16;

    public static UpdateComparison Run(
        UpdateInputs inputs, FlippedSamples flips, ComputeDevice device, IProgress<double> progress, CancellationToken cancellation)
    {
        inputs.Check();
        (Predictions old, NpyReader labels, int ignore) = (inputs.Old, inputs.Labels, inputs.IgnoreIndex);
        int classes = inputs.CountClasses(cancellation);
        ClassMap? map = inputs.MakeMap(classes);
        CongruenceOptions crossEntropy = new() { Distance = CongruenceDistance.None, IgnoreIndex = ignore };
        CongruenceSums oldLoss = new(Math.Max(1, old.AreLogits ? old.Classes : 1), crossEntropy), newLoss = new(classes, crossEntropy);
        FlipCounts total = default;
        ClassFlips? perClass = classes <= MaximumTables ? new ClassFlips(classes) : null;
        int blockRows = OutputRows.BlockRows([old, inputs.New], labels.Rows);
        int[] oldPredictions = new int[blockRows], newPredictions = new int[blockRows];
        flips.WriteHead();
        foreach (OutputRows block in OutputRows.Read([old, inputs.New], labels, ignore, classes, cancellation))
        {
            ReadOnlySpan<int> y = block.Labels;
            Span<int> before = oldPredictions.AsSpan(0, y.Length), after = newPredictions.AsSpan(0, y.Length);
            if (old.AreLogits)
            {
                // Each file's logits are read once, for the loss and the prediction together.
                oldLoss.Add(block[0].Logits, [], map is null ? y : map.OldLabels(y, ignore), before, device: device);
                newLoss.Add(block[1].Logits, [], y, after, device: device);
            }
            else
            {
                block[0].Predictions.CopyTo(before);
                block[1].Predictions.CopyTo(after);
            }
            if (map is not null) ToNewClasses(before, map, old.Path, block.First);
            total += FlipCounts.FromPredictions(before, after, y, classes, ignore, device);
            perClass?.Add(before, after, y, ignore);
            flips.Add(block.First, before, after, y, ignore);
            progress.Report((block.First + block.Rows) / (double)labels.Rows);
        }
        return new UpdateComparison(
            labels.Rows, classes, total, perClass?.ToTables(), old.AreLogits ? oldLoss.Loss : null, old.AreLogits ? newLoss.Loss : null, flips);
    }

    private static void ToNewClasses(Span<int> predictions, ClassMap map, string path, long first)
    {
        for (int i = 0; i < predictions.Length; i++)
        {
            int old = predictions[i];
            if (old >= map.OldClasses)
            {
                throw new InvalidDataException($"{path}: found prediction {old} in row {first + i}; expected less than {map.OldClasses}, the classes of the class map.");
            }
            if (old >= 0) predictions[i] = map.NewOfOld[old];
        }
    }
}
