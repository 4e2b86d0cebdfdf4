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
            Read(labels, first, block.AsSpan(0, rows), ignoreIndex, classes);
            yield return (first, block, rows);
        }
    }

    /// <summary>Reads the labels of the rows from <paramref name="first"/> on.</summary>
    /// <inheritdoc cref="Read(NpyReader, int, int, int, CancellationToken)" path="/exception"/>
    public static void Read(NpyReader labels, long first, Span<int> destination, int ignoreIndex, int classes)
    {
        labels.ReadRowsAsInts(first, destination);
        for (int i = 0; i < destination.Length; i++)
        {
            if ((uint)destination[i] < (uint)classes || destination[i] == ignoreIndex) continue;
            throw new InvalidDataException(
                $"{labels.FilePath}: found label {destination[i]} in row {first + i}; expected 0 to {classes - 1}, or {ignoreIndex} (ignored).");
        }
    }
}
