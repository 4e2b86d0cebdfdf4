using System.Text.Json;
using System.Text.Json.Serialization;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>
/// Beside a saved model: on which data it was trained and how they were brought to the network, so that <c>explain</c> can state the same problem again.
/// </summary>
internal sealed record SavedRun
{
    private const string File = "training.json", CurrentFormat = "graceful-training/1";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Format { get; init; }

    public required string Images { get; init; }

    public required string Labels { get; init; }

    public required IReadOnlyList<float> Mean { get; init; }

    public required IReadOnlyList<float> Std { get; init; }

    public required string Layout { get; init; }

    public required bool Resize { get; init; }

    public required int Samples { get; init; }

    /// <summary>Views of each sample.</summary>
    public required int Views { get; init; }

    [JsonIgnore]
    public Preprocessing Preprocessing => new(Mean, Std, Resize);

    [JsonIgnore]
    public FileLayout FileLayout => Enum.TryParse(Layout, ignoreCase: true, out FileLayout layout) ? layout : FileLayout.Auto;

    public static void Save(string folder, FinetuneResult result)
    {
        var run = new SavedRun
        {
            Format = CurrentFormat,
            Images = Absolute(result.Training.Source),
            Labels = Absolute(result.Training.LabelSource),
            Mean = result.Settings.Preprocessing.Mean,
            Std = result.Settings.Preprocessing.Deviation,
            Layout = result.Settings.Layout.ToString().ToLowerInvariant(),
            Resize = result.Settings.Preprocessing.Resize,
            Samples = result.Training.Count,
            Views = result.Settings.Options.Views,
        };
        AtomicFile.WriteAllText(Path.Combine(folder, File), JsonSerializer.Serialize(run, Json) + "\n");
    }

    /// <exception cref="InvalidDataException">There is none, or it is damaged.</exception>
    public static SavedRun Load(string folder)
    {
        string path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path)) throw new InvalidDataException($"{folder}: found no {File}; expected the folder that 'graceful finetune --out' wrote.");
        try
        {
            SavedRun run = JsonSerializer.Deserialize<SavedRun>(System.IO.File.ReadAllText(path), Json) ?? throw new JsonException("The file is empty.");
            return run.Format == CurrentFormat ? run : throw new InvalidDataException($"{path}: format is '{run.Format}'; expected '{CurrentFormat}'.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static string Absolute(FileRange range) => (range with { Path = Path.GetFullPath(range.Path) }).ToString();
}
