namespace GracefulKernels.Cli.Comparison;

/// <summary>Labels in blocks, each label checked here, where its row in the file is known.</summary>
internal static class LabelBlocks
{
    /// <summary>Blocks of rows from first to last; the array is used again for each.</summary>
    /// <exception cref="InvalidDataException">A label is outside [0, classes) and is not the ignored one; the row is named.</exception>
    public static IEnumerable<(long First, int[] Labels, int Rows)> Read(
        NpyReader labels, int blockRows, int ignoreIndex, int classes, CancellationToken cancellation)
    {
        int[] block = new int[Math.Min(blockRows, labels.Rows)];
        for (long first = 0; first < labels.Rows; first += block.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            int rows = (int)Math.Min(block.Length, labels.Rows - first);
            labels.ReadRowsAsInts(first, block.AsSpan(0, rows));
            for (int i = 0; i < rows; i++)
            {
                if ((uint)block[i] < (uint)classes || block[i] == ignoreIndex) continue;
                throw new InvalidDataException(
                    $"{labels.FilePath}: found label {block[i]} in row {first + i}; expected 0 to {classes - 1}, or {ignoreIndex} (ignored).");
            }
            yield return (first, block, rows);
        }
    }
}
