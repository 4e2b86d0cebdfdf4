using System.Text.Json;
using System.Text.Json.Serialization;

namespace GracefulKernels.Cli.Bench;

/// <summary>A run: the machine and the rows, as they lie in the JSON file.</summary>
internal sealed record BenchReport<TRow>(MachineInfo Machine, IReadOnlyList<TRow> Rows) where TRow : BenchRow
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.Strict,
    };

    public void Write(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is string folder) Directory.CreateDirectory(folder);
        File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
    }

    /// <exception cref="InvalidDataException">The file is not a run's JSON.</exception>
    public static BenchReport<TRow> Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<BenchReport<TRow>>(stream, Json) ?? throw new InvalidDataException($"{path} is empty.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not the JSON of a benchmark run: {e.Message}", e);
        }
    }
}
