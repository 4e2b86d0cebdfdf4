namespace GracefulKernels.Cli.Comparison;

/// <summary>The number of classes: what the logits say, or one more than the largest label or prediction in the files.</summary>
internal static class ClassCount
{
    /// <summary>The most classes that the kernels take.</summary>
    private const int Maximum = 1 << 24;

    private const int ScanRows = 1 << 18;

    public static int Of(IReadOnlyList<Predictions> models, NpyReader labels, int ignoreIndex, CancellationToken cancellation)
    {
        if (models[0].AreLogits)
        {
            return models[0].Classes <= Maximum
                ? models[0].Classes
                : throw new InvalidDataException($"{models[0].Path}: found logits of {models[0].Classes} classes; expected at most {Maximum}.");
        }
        int classes = 1;
        foreach ((_, int[] block, int rows) in LabelBlocks.Read(labels, ScanRows, ignoreIndex, Maximum, cancellation))
        {
            for (int i = 0; i < rows; i++)
            {
                if (block[i] != ignoreIndex) classes = Math.Max(classes, block[i] + 1);
            }
        }
        foreach (Predictions model in models) classes = Math.Max(classes, Largest(model, cancellation) + 1);
        return classes;
    }

    private static int Largest(Predictions model, CancellationToken cancellation)
    {
        int[] block = new int[Math.Min(ScanRows, model.Rows)];
        int largest = -1;
        for (long first = 0; first < model.Rows; first += block.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            int rows = (int)Math.Min(block.Length, model.Rows - first);
            model.Reader.ReadRowsAsInts(first, block.AsSpan(0, rows));
            for (int i = 0; i < rows; i++)
            {
                if (block[i] >= Maximum)
                {
                    throw new InvalidDataException($"{model.Path}: found prediction {block[i]} in row {first + i}; expected less than {Maximum}.");
                }
                largest = Math.Max(largest, block[i]);
            }
        }
        return largest;
    }
}
