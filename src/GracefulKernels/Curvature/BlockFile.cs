using System.Globalization;

namespace GracefulKernels;

/// <summary>What the metadata of a file of blocks says of one.</summary>
internal sealed record BlockHeader(int Index, string Name, int Rows, string Weight, string? Bias);

/// <summary>What the files of factors, eigenvectors and moments have in common: a format with its version, a few lines of metadata a block, and tensors in F64.</summary>
internal static class BlockFile
{
    public static SafetensorsWriter Begin(string path, string format, IReadOnlyList<ParameterBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(path);
        var writer = new SafetensorsWriter();
        writer.AddMetadata("format", format);
        writer.AddMetadata("blocks", Print(blocks.Count));
        for (int i = 0; i < blocks.Count; i++)
        {
            writer.AddMetadata($"block.{i}.name", blocks[i].Name);
            writer.AddMetadata($"block.{i}.rows", Print(blocks[i].Rows));
            writer.AddMetadata($"block.{i}.weight", blocks[i].Weight);
            writer.AddMetadata($"block.{i}.bias", blocks[i].Bias ?? "");
        }
        return writer;
    }

    public static string Print(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The file's format, one of those expected.</summary>
    /// <exception cref="InvalidDataException">It is another.</exception>
    public static string Expect(SafetensorsReader reader, params ReadOnlySpan<string> formats)
    {
        string format = reader.Metadata.GetValueOrDefault("format", "none");
        return formats.Contains(format) ? format : throw new InvalidDataException($"{reader.FilePath}: format is '{format}'; expected '{formats[0]}'.");
    }

    public static IEnumerable<BlockHeader> Blocks(SafetensorsReader reader)
    {
        int count = (int)Number(reader, "blocks", 0, int.MaxValue);
        for (int i = 0; i < count; i++)
        {
            string bias = Text(reader, $"block.{i}.bias");
            yield return new BlockHeader(
                i, Text(reader, $"block.{i}.name"), (int)Number(reader, $"block.{i}.rows", 1, int.MaxValue), Text(reader, $"block.{i}.weight"),
                bias.Length == 0 ? null : bias);
        }
    }

    public static void ExpectTensors(SafetensorsReader reader, int tensors)
    {
        if (tensors != reader.Tensors.Count) throw new InvalidDataException($"{reader.FilePath}: {reader.Tensors.Count} tensors; expected {tensors}.");
    }

    public static double[] Square(SafetensorsReader reader, string name, out int size)
    {
        SafetensorsEntry entry = reader.Find(name);
        if (entry.Shape.Count != 2 || entry.Shape[0] != entry.Shape[1] || entry.Shape[0] == 0)
        {
            throw new InvalidDataException($"{reader.FilePath}: tensor '{name}' is {TensorFile.Print(entry.Shape)}; expected a square matrix.");
        }
        size = (int)entry.Shape[0];
        return Finite(reader, name);
    }

    public static double[] Matrix(SafetensorsReader reader, string name, params long[] shape)
    {
        SafetensorsEntry entry = reader.Find(name);
        return entry.Shape.SequenceEqual(shape)
            ? Finite(reader, name)
            : throw new InvalidDataException($"{reader.FilePath}: tensor '{name}' is {TensorFile.Print(entry.Shape)}; expected {TensorFile.Print(shape)}.");
    }

    public static string Text(SafetensorsReader reader, string key) => reader.Metadata.TryGetValue(key, out string? text)
        ? text
        : throw new InvalidDataException($"{reader.FilePath}: no metadata '{key}'.");

    public static double Number(SafetensorsReader reader, string key, double least, double most)
    {
        string text = Text(reader, key);
        bool isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        return isNumber && value >= least && value <= most
            ? value
            : throw new InvalidDataException($"{reader.FilePath}: metadata '{key}' is '{text}'; expected a number from {least}.");
    }

    private static double[] Finite(SafetensorsReader reader, string name)
    {
        double[] values = reader.Read<double>(name);
        int bad = Array.FindIndex(values, v => !double.IsFinite(v));
        return bad < 0 ? values : throw new InvalidDataException($"{reader.FilePath}: element {bad} of tensor '{name}' is {values[bad]}.");
    }
}
