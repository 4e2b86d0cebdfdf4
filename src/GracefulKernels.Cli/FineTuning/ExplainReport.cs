using System.Globalization;
using System.Text.Json;
using GracefulKernels.Cli.Charts;
using GracefulKernels.Cli.Samples;
using Spectre.Console;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>Influence and removal on the screen, as a picture of the images, and as JSON.</summary>
internal static class ExplainReport
{
    public static void Print(Report report, IReadOnlyList<Explanation> explained, RemovedSamples? removal, int top)
    {
        foreach (Explanation e in explained)
        {
            report.WriteLine($"Test sample {e.Sample}: label {e.Label}, predicted {e.Prediction} with output {Number(e.Output)}. What the output owes to single training samples:");
            Table table = new Table().Border(TableBorder.Rounded);
            foreach (string head in (string[])["for", "label", "influence", "against", "label", "influence"]) table.AddColumn(new TableColumn(head).RightAligned());
            SampleInfluence[] supporting = [.. e.Influence.Supporting(top)], opposing = [.. e.Influence.Opposing(top)];
            for (int i = 0; i < Math.Max(supporting.Length, opposing.Length); i++) table.AddRow([.. Cells(supporting, i), .. Cells(opposing, i)]);
            report.Write(table);
        }
        if (explained.Count > 0) report.WriteLine("Influence: the output now, less the output of the model fitted without the sample; ~ marks first order.");
        if (removal is not { } r) return;
        report.WriteLine(
            $"Without {r.Removal.Samples.Count} training samples: ‖d₋S − d‖ = {Number(r.Removal.ChangeNorm)}, in {Number(r.Seconds)} s ({MethodText(r.Removal.Method)}). "
            + $"Gradient of the problem without them, relative: {Number(r.Removal.RelativeGradientBefore)} before, {Number(r.Removal.RelativeGradient)} after (0 is the exact refit).");
        if (!double.IsNaN(r.TestAccuracyAfter)) report.WriteLine($"Test accuracy {Percent(r.TestAccuracyBefore)} before, {Percent(r.TestAccuracyAfter)} after.");
    }

    /// <summary>Each test sample with the training samples that speak for and against its prediction.</summary>
    public static void Draw(string path, IReadOnlyList<Explanation> explained, LabelledSet training, LabelledSet test, int top)
    {
        var rows = new List<(string, IReadOnlyList<ImageTile>)>();
        foreach (Explanation e in explained)
        {
            rows.Add(($"Test sample {e.Sample}: label {e.Label}, predicted {e.Prediction}", [test.Tile(e.Sample, $"output {Number(e.Output)}")]));
            rows.Add(("Training samples for it", Tiles(e.Influence.Supporting(top), Palette.PositiveFlips)));
            rows.Add(("Training samples against it", Tiles(e.Influence.Opposing(top), Palette.NegativeFlips)));
        }
        ImageGrid.SavePng(path, "What predictions owe to training samples", rows);

        IReadOnlyList<ImageTile> Tiles(IEnumerable<SampleInfluence> samples, ScottPlot.Color frame)
            => [.. samples.Select(s => training.Tile(s.Sample, $"#{s.Sample} [{s.Label}] {Signed(s.Influence)}", frame))];
    }

    public static void Write(Utf8JsonWriter json, IReadOnlyList<Explanation> explained, RemovedSamples? removal, int top)
    {
        json.WriteObjects("explanations", explained, e =>
        {
            json.WriteNumber("sample", e.Sample);
            json.WriteNumber("label", e.Label);
            json.WriteNumber("prediction", e.Prediction);
            json.WriteFinite("output", e.Output);
            WriteInfluences(json, "for", e.Influence.Supporting(top));
            WriteInfluences(json, "against", e.Influence.Opposing(top));
        });
        if (removal is not { } r) return;
        json.WriteStartObject("removal");
        json.WriteStartArray("samples");
        foreach (int i in r.Removal.Samples) json.WriteNumberValue(i);
        json.WriteEndArray();
        json.WriteString("method", r.Removal.Method.ToString());
        json.WriteNumber("seconds", r.Seconds);
        json.WriteFinite("changeNorm", r.Removal.ChangeNorm);
        json.WriteFinite("relativeGradientBefore", r.Removal.RelativeGradientBefore);
        json.WriteFinite("relativeGradient", r.Removal.RelativeGradient);
        json.WriteFinite("testAccuracyBefore", r.TestAccuracyBefore);
        json.WriteFinite("testAccuracyAfter", r.TestAccuracyAfter);
        json.WriteEndObject();
    }

    private static void WriteInfluences(Utf8JsonWriter json, string name, IEnumerable<SampleInfluence> samples)
    {
        json.WriteObjects(name, samples, s =>
        {
            json.WriteNumber("sample", s.Sample);
            json.WriteNumber("label", s.Label);
            json.WriteFinite("influence", s.Influence);
            json.WriteBoolean("exact", s.IsExact);
        });
    }

    private static string[] Cells(SampleInfluence[] samples, int i)
        => i < samples.Length ? [$"{samples[i].Sample}", $"{samples[i].Label}", (samples[i].IsExact ? "" : "~") + Signed(samples[i].Influence)] : ["", "", ""];

    private static string MethodText(RemovalMethod method) => method switch
    {
        RemovalMethod.ClosedForm => "in closed form",
        RemovalMethod.ReducedProblem => "one solve with the Hessian without them",
        _ => "in the dual",
    };

    private static string Signed(double value) => value.ToString("+0.000;−0.000", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("G3", CultureInfo.InvariantCulture);

    private static string Percent(double part) => (100 * part).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}
