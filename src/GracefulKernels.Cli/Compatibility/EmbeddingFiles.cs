using GracefulKernels.Cli.Comparison;

namespace GracefulKernels.Cli.Compatibility;

/// <summary>Embeddings and labels from <c>.npy</c>, whole.</summary>
internal static class EmbeddingFiles
{
    /// <summary>Elements read between two looks at whether to go on.</summary>
    private const int PieceElements = 1 << 22;

    /// <param name="path">A matrix [n × d] of fp32, or of fp64 that fp32 has exactly.</param>
    /// <param name="progress">The part read, from 0 to 1.</param>
    /// <param name="cancellation">Looked at between pieces.</param>
    /// <exception cref="InvalidDataException">The file holds something else; type and shape are named.</exception>
    public static Embeddings Read(string path, IProgress<(string Text, double Part)> progress, CancellationToken cancellation)
    {
        using NpyReader reader = NpyReader.Open(path);
        string found = $"{path}: found {reader.Type.ToString().ToLowerInvariant()} [{string.Join(" × ", reader.Shape)}]";
        if (reader.Type is not (ElementType.Float32 or ElementType.Float64) || reader.Shape is not [_, > 0 and <= int.MaxValue])
        {
            throw new InvalidDataException($"{found}; expected embeddings [n × d] of float32.");
        }
        if (reader.Count > Array.MaxLength) throw new InvalidDataException($"{found}; at most {Array.MaxLength:N0} elements fit.");
        float[] values = new float[reader.Count];
        int width = (int)reader.RowLength, rows = Math.Max(1, PieceElements / width);
        for (long first = 0; first < reader.Rows; first += rows)
        {
            cancellation.ThrowIfCancellationRequested();
            progress.Report(($"Reading {Path.GetFileName(path)}", (double)first / reader.Rows));
            long length = Math.Min(rows, reader.Rows - first) * width;
            reader.ReadRowsAsFloats(first, values.AsSpan((int)(first * width), (int)length));
        }
        return new Embeddings(values, width);
    }

    /// <summary>Labels, one for each of <paramref name="rows"/> embeddings of <paramref name="of"/>.</summary>
    public static int[] ReadLabels(string path, int rows, string of)
    {
        using NpyReader reader = Predictions.OpenLabels(path);
        if (reader.Rows != rows) throw new InvalidDataException($"{path}: found {reader.Rows} labels; expected {rows}, as {of} has embeddings.");
        int[] labels = new int[reader.Rows];
        reader.ReadRowsAsInts(0, labels);
        return labels;
    }
}
