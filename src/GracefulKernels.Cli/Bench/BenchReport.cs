using System.Text.Encodings.Web;
using System.Text.Json;

namespace GracefulKernels.Cli.Bench;

/// <summary>A run: the machine and the rows, as they lie in the JSON file.</summary>
internal sealed record BenchReport<TRow>(MachineInfo Machine, IReadOnlyList<TRow> Rows) where TRow : BenchRow
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the two properties into an open object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WritePropertyName("machine");
        JsonSerializer.Serialize(json, Machine, Json);
        json.WritePropertyName("rows");
        JsonSerializer.Serialize(json, Rows, Json);
    }

    /// <exception cref="InvalidDataException">The file is not a run's JSON.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static BenchReport<TRow> Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<BenchReport<TRow>>(stream, Json) ?? throw new InvalidDataException($"'{path}' holds no benchmark run.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' is not the JSON of a benchmark run{(e.LineNumber is long line ? $" (line {line + 1})" : "")}; expected machine and rows.", e);
        }
    }
}
