namespace GracefulKernels.Cli.Comparison;

/// <summary>One model's outputs on the labelled data: logits [n, C] or predictions [n], read block by block.</summary>
internal sealed class Predictions : IDisposable
{
    private Predictions(NpyReader reader, int classes)
    {
        Reader = reader;
        Classes = classes;
    }

    public NpyReader Reader { get; }

    /// <summary>Number of classes where these are logits, 0 where they are predictions.</summary>
    public int Classes { get; }

    public bool AreLogits => Classes > 0;

    public long Rows => Reader.Rows;

    public string Path => Reader.FilePath;

    /// <summary>What the file holds, in words.</summary>
    public string Kind => AreLogits ? $"logits of {Classes} classes" : "predictions";

    public static Predictions Open(string path)
    {
        NpyReader reader = NpyReader.Open(path);
        bool integers = reader.Type is not (ElementType.Float32 or ElementType.Float64);
        bool logits = !integers && reader.Shape is [_, > 0 and <= int.MaxValue];
        if (logits || (integers && reader.Shape.Count == 1)) return new Predictions(reader, logits ? (int)reader.RowLength : 0);
        reader.Dispose();
        throw new InvalidDataException(
            $"{path}: found {reader.Type.ToString().ToLowerInvariant()} {Print(reader.Shape)}; expected logits [n × C] of float32 or predictions [n] of integers.");
    }

    /// <summary>The labels: integers [n].</summary>
    public static NpyReader OpenLabels(string path)
    {
        NpyReader reader = NpyReader.Open(path);
        if (reader.Shape.Count == 1 && reader.Type is not (ElementType.Float32 or ElementType.Float64)) return reader;
        reader.Dispose();
        throw new InvalidDataException(
            $"{path}: found {reader.Type.ToString().ToLowerInvariant()} {Print(reader.Shape)}; expected labels [n] of integers.");
    }

    /// <summary>Everything must speak of the same samples and classes.</summary>
    public static void CheckTogether(IReadOnlyList<Predictions> models, NpyReader labels)
    {
        CheckRows(models, labels);
        CheckClasses(models);
    }

    /// <summary>Everything must speak of the same samples.</summary>
    public static void CheckRows(IReadOnlyList<Predictions> models, NpyReader labels)
    {
        foreach (Predictions model in models)
        {
            if (model.Rows == labels.Rows) continue;
            throw new InvalidDataException(
                $"{model.Path}: found {Print(model.Reader.Shape)}; expected {labels.Rows} rows, as {labels.FilePath} has labels.");
        }
    }

    /// <summary>All models must have the same classes, and all logits or all predictions.</summary>
    public static void CheckClasses(IReadOnlyList<Predictions> models)
    {
        foreach (Predictions model in models)
        {
            if (model.Classes == models[0].Classes) continue;
            throw new InvalidDataException($"{model.Path}: found {model.Kind}; expected {models[0].Kind} as in {models[0].Path}.");
        }
    }

    public void Dispose() => Reader.Dispose();

    private static string Print(IReadOnlyList<long> shape) => $"[{string.Join(" × ", shape)}]";
}
