using GracefulKernels.Cli.Comparison;

namespace GracefulKernels.Cli.Compatibility;

/// <summary>Embeddings and labels from <c>.npy</c>, whole.</summary>
internal static class EmbeddingFiles
{
    public static Embeddings Read(string path)
    {
        using NpyReader reader = NpyReader.Open(path);
        string found = $"{path}: found {reader.Type.ToString().ToLowerInvariant()} [{string.Join(" × ", reader.Shape)}]";
        if (reader.Type is not (ElementType.Float32 or ElementType.Float64) || reader.Shape is not [_, > 0])
        {
            throw new InvalidDataException($"{found}; expected embeddings [n × d] of float32.");
        }
        if (reader.Count > Array.MaxLength) throw new InvalidDataException($"{found}; at most {Array.MaxLength:N0} elements fit.");
        float[] values = new float[reader.Count];
        reader.ReadRowsAsFloats(0, values);
        return new Embeddings(values, (int)reader.RowLength);
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
