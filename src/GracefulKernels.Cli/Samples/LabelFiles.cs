using System.Text.Json;

namespace GracefulKernels.Cli.Samples;

/// <summary>Labels from <c>.npy</c> and from JSON.</summary>
internal static class LabelFiles
{
    private const string Expected = "a JSON array of integers";

    public static int[] ReadNpy(FileRange range)
    {
        using NpyReader reader = Comparison.Predictions.OpenLabels(range.Path);
        (int first, int count) = range.Of(reader.Rows);
        int[] labels = new int[count];
        reader.ReadRowsAsInts(first, labels);
        return labels;
    }

    public static int[] ReadJson(FileRange range)
    {
        int[] all;
        try
        {
            using FileStream file = TextFile.Open(range.Path, Expected);
            all = JsonSerializer.Deserialize<int[]>(file) ?? [];
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{range.Path}: {e.Message}; expected {Expected}.", e);
        }
        (int first, int count) = range.Of(all.Length);
        return all.AsSpan(first, count).ToArray();
    }
}
