using System.Text.Json;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.Comparison;

/// <summary>Names of classes, for people; their numbers where there are none.</summary>
internal sealed class ClassNames
{
    private const string Expected = "a JSON array of strings, or one name a line";

    private readonly string[] _names;

    private ClassNames(string[] names) => _names = names;

    /// <summary>No names: classes are called by their numbers.</summary>
    public static ClassNames None { get; } = new([]);

    public bool Any => _names.Length > 0;

    /// <summary>The name, or the number where there is no name; a dash where there is no prediction.</summary>
    public string this[int @class] => @class < 0 ? "—" : @class < _names.Length ? _names[@class] : $"{@class}";

    /// <summary>A JSON array of strings, or one name a line.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file holds neither.</exception>
    public static ClassNames Read(string path)
    {
        using StreamReader reader = new(TextFile.Open(path, Expected));
        string text = reader.ReadToEnd();
        if (!text.AsSpan().TrimStart().StartsWith("[")) return Checked(path, [.. text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(line => line.Trim())]);
        try
        {
            return Checked(path, JsonSerializer.Deserialize<string[]>(text) ?? []);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}; expected {Expected}.", e);
        }
    }

    /// <exception cref="InvalidDataException">There are fewer names than classes.</exception>
    public void Check(string path, int classes)
    {
        if (Any && _names.Length < classes) throw new InvalidDataException($"{path}: found {_names.Length} names; expected one for each of {classes} classes.");
    }

    private static ClassNames Checked(string path, string[] names)
    {
        int empty = Array.FindIndex(names, string.IsNullOrEmpty);
        return empty < 0 && names.Length > 0
            ? new ClassNames(names)
            : throw new InvalidDataException($"{path}: found no name for class {Math.Max(0, empty)}; expected {Expected}.");
    }
}
