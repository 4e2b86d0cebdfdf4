using System.Globalization;

namespace GracefulKernels;

/// <summary>Raw sums as safetensors: <c>'block.A'</c> and <c>'block.G'</c> in F64, one line of metadata a block.</summary>
internal static class FactorsFile
{
    private const string Format = "graceful-kronecker/1";

    public static void Save(KroneckerFactors factors, string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var writer = new SafetensorsWriter();
        writer.AddMetadata("format", Format);
        writer.AddMetadata("samples", factors.Samples.ToString(CultureInfo.InvariantCulture));
        writer.AddMetadata("weight_sum", factors.WeightSum.ToString("R", CultureInfo.InvariantCulture));
        writer.AddMetadata("blocks", factors.Blocks.Count.ToString(CultureInfo.InvariantCulture));
        for (int i = 0; i < factors.Blocks.Count; i++)
        {
            KroneckerBlock b = factors.Blocks[i];
            writer.AddMetadata($"block.{i}.name", b.Name);
            writer.AddMetadata($"block.{i}.rows", b.Rows.ToString(CultureInfo.InvariantCulture));
            writer.AddMetadata($"block.{i}.weight", b.Weight);
            writer.AddMetadata($"block.{i}.bias", b.Bias ?? "");
            writer.AddMetadata($"block.{i}.input_count", b.InputCount.ToString("R", CultureInfo.InvariantCulture));
            writer.AddMetadata($"block.{i}.output_count", b.OutputCount.ToString("R", CultureInfo.InvariantCulture));
            writer.Add($"{b.Name}.A", b.InputSum, b.Columns, b.Columns);
            if (b.OutputSum is not null) writer.Add($"{b.Name}.G", b.OutputSum, b.Rows, b.Rows);
        }
        writer.Save(path);
    }

    public static KroneckerFactors Load(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        string format = reader.Metadata.GetValueOrDefault("format", "none");
        if (format != Format) throw new InvalidDataException($"{path}: format is '{format}'; expected '{Format}'.");
        var blocks = new List<KroneckerBlock>();
        int count = (int)Number(reader, "blocks", 1, int.MaxValue), tensors = 0;
        for (int i = 0; i < count; i++)
        {
            string name = Text(reader, $"block.{i}.name");
            int rows = (int)Number(reader, $"block.{i}.rows", 1, int.MaxValue);
            double[] inputs = Square(reader, $"{name}.A", out int columns);
            tensors++;
            double[]? outputs = null;
            if (reader.TryFind($"{name}.G", out _))
            {
                outputs = Square(reader, $"{name}.G", out int size);
                tensors++;
                if (size != rows) throw new InvalidDataException($"{path}: tensor '{name}.G' is [{size} × {size}]; expected [{rows} × {rows}].");
            }
            string bias = Text(reader, $"block.{i}.bias");
            blocks.Add(new KroneckerBlock(
                name, rows, columns, Text(reader, $"block.{i}.weight"), bias.Length == 0 ? null : bias,
                inputs, Number(reader, $"block.{i}.input_count", 1, 1e300), outputs, Number(reader, $"block.{i}.output_count", 1, 1e300)));
        }
        if (tensors != reader.Tensors.Count) throw new InvalidDataException($"{path}: {reader.Tensors.Count} tensors; expected {tensors}.");
        return new KroneckerFactors(blocks, (long)Number(reader, "samples", 1, long.MaxValue), Number(reader, "weight_sum", 0, 1e300));
    }

    private static double[] Square(SafetensorsReader reader, string name, out int size)
    {
        SafetensorsEntry entry = reader.Find(name);
        if (entry.Shape.Count != 2 || entry.Shape[0] != entry.Shape[1] || entry.Shape[0] == 0)
        {
            throw new InvalidDataException($"{reader.FilePath}: tensor '{name}' is {TensorFile.Print(entry.Shape)}; expected a square matrix.");
        }
        double[] values = reader.Read<double>(name);
        int bad = Array.FindIndex(values, v => !double.IsFinite(v));
        if (bad >= 0) throw new InvalidDataException($"{reader.FilePath}: element {bad} of tensor '{name}' is {values[bad]}.");
        size = (int)entry.Shape[0];
        return values;
    }

    private static string Text(SafetensorsReader reader, string key) => reader.Metadata.TryGetValue(key, out string? text)
        ? text
        : throw new InvalidDataException($"{reader.FilePath}: no metadata '{key}'.");

    private static double Number(SafetensorsReader reader, string key, double least, double most)
    {
        string text = Text(reader, key);
        bool isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        return isNumber && value >= least && value <= most
            ? value
            : throw new InvalidDataException($"{reader.FilePath}: metadata '{key}' is '{text}'; expected a number from {least}.");
    }
}
