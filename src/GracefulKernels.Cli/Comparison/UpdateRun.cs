using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.Comparison;

/// <summary>One comparison of an old and a new model, from the files to the report.</summary>
/// <param name="Inputs">The files.</param>
/// <param name="Gates">Bounds that the update must keep; may be none.</param>
/// <param name="Names">Of the classes.</param>
/// <param name="NamesFile">Where they are from, for messages.</param>
/// <param name="Images">Of the samples; null for none.</param>
/// <param name="Layout">Of <c>.npy</c> images.</param>
internal sealed record UpdateRun(UpdateInputs Inputs, IReadOnlyList<Gate> Gates, ClassNames Names, string? NamesFile, FileRange? Images, FileLayout Layout)
{
    /// <summary>Compares, reports, and says whether every gate is met.</summary>
    public bool Run(Report report, Terminal terminal, ComputeDevice device, CancellationToken cancellation)
    {
        UpdateComparison update = Compare(report, device, cancellation);
        cancellation.ThrowIfCancellationRequested();
        GateVerdict[] verdicts = [.. Gates.Select(g => g.Judge(update))];
        UpdateReport.Print(report, update, Names);
        foreach (GateVerdict verdict in verdicts) report.WriteLine($"Gate {verdict}");
        report.WritePicture("flips.png", path => UpdateReport.Draw(path, update, Names), cancellation);
        report.WritePage("report.html", () => UpdatePage.Create(Inputs, update, verdicts, Names, ReadImages(update)), cancellation);
        report.WriteJson(json => UpdateReport.Write(json, update, verdicts), cancellation);
        // For scripts that look at the errors alone: the exit code is that of other failures too.
        foreach (GateVerdict verdict in verdicts.Where(v => !v.Met)) terminal.WriteError($"gate {verdict}");
        return verdicts.All(v => v.Met);
    }

    private UpdateComparison Compare(Report report, ComputeDevice device, CancellationToken cancellation)
    {
        if (report.Folder is null) return Compare(null);
        UpdateComparison? update = null;
        string path = Path.Combine(report.Folder, "flips.csv");
        AtomicFile.Write(
            path,
            stream =>
            {
                // As they are found: there may be more of them than memory holds.
                using StreamWriter all = new(stream, leaveOpen: true);
                update = Compare(all);
            },
            cancellation);
        report.WriteLine($"Flips: {path}");
        return update!;

        UpdateComparison Compare(TextWriter? all) => report.Progress.Run("Comparing", progress =>
        {
            UpdateComparison done = UpdateComparison.Run(Inputs, new FlippedSamples(all), device, progress, cancellation);
            Names.Check(NamesFile ?? "", done.Classes);
            return done;
        });
    }

    private FlippedImages? ReadImages(UpdateComparison update)
        => Images is null ? null : FlippedImages.Read(Images, update.Rows, Layout, update.Flips);
}
