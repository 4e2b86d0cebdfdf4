using System.Text.Json;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.Comparison;

/// <summary>A class map in a file: a JSON array with the new class of each old one, −1 where it is gone.</summary>
internal static class ClassMapFile
{
    private const string Expected = "a JSON array of integers, the new class of each old one";

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static int[] Read(string path)
    {
        try
        {
            using FileStream file = TextFile.Open(path, Expected);
            int[] map = JsonSerializer.Deserialize<int[]>(file) ?? [];
            // Sizes and repetitions are looked at with the models' classes at hand.
            return map.Length > 0 ? map : throw new InvalidDataException($"{path}: found no classes; expected the new class of each old one.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}; expected {Expected}.", e);
        }
    }
}
