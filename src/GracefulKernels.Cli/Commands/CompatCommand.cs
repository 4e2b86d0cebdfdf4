using System.CommandLine;
using GracefulKernels.Cli.Compatibility;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful compat</c>: whether new queries find what they should in an old gallery, and what of an update that brings.</summary>
internal static class CompatCommand
{
    private const string DefaultKs = "1,5,10", DefaultFars = "1e-3";

    public static Command Create(Terminal terminal)
    {
        Option<string> oldGallery = Path("--old-gallery", "OG.npy", "The gallery by the old model: embeddings [g × d].");
        Option<string> newQueries = Path("--new-queries", "NQ.npy", "The queries by the new model [q × d].");
        Option<string> labels = Path("--labels", "GL.npy", "Labels of the gallery [g] (integers).");
        Option<string?> queryLabels = Optional("--query-labels", "QL.npy", "Labels of the queries [q]. Without them the queries are the gallery's images, and none sees itself.");
        Option<string?> oldQueries = Optional("--old-queries", "OQ.npy", "The queries by the old model.");
        Option<string?> newGallery = Optional("--new-gallery", "NG.npy", "The gallery by the new model.");
        Option<string?> bestQueries = Optional("--best-queries", "BQ.npy", "The queries by a new model trained without the constraint.");
        Option<string?> bestGallery = Optional("--best-gallery", "BG.npy", "Its gallery.");
        Option<string> similarity = new("--metric") { DefaultValueFactory = _ => "cosine", HelpName = "cosine|l2|ip", Description = "What is near: cosine, Euclidean distance or inner product." };
        similarity.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "cosine", "l2", "ip");
        Option<string> ks = new("--k") { DefaultValueFactory = _ => DefaultKs, HelpName = "K,…", Description = "Recalls to report." };
        ks.Expect(AreCounts, "whole numbers from 1 on with commas between them");
        Option<string> fars = Rates("--far", DefaultFars, "False accept rates of verification over all pairs (TAR@FAR).");
        Option<string> fpirs = Rates("--fpir", "", "False positive rates of open-set search (TPIR@FPIR); queries whose label the gallery lacks are the non-mated ones.");
        Option<bool> fitWidth = new("--fit-width") { Description = "Make queries of another width fit a gallery: leading columns of wider ones, zeros behind narrower ones." };
        Option<string?> gate = new("--gate") { HelpName = "METRIC", Description = "End with exit code 1 unless new/old > old/old by this metric of the table, for example mAP." };
        Command command = new("compat", "Measure whether a new model's queries work on an old model's gallery.")
        {
            oldGallery, newQueries, labels, queryLabels, oldQueries, newGallery, bestQueries, bestGallery, similarity, ks, fars, fpirs, fitWidth, gate,
        };
        DeviceOptions devices = new(command, preferred: "cpu");
        ReportOptions reporting = new(command, draws: true);
        command.Validators.Add(result =>
        {
            if (result.GetResult(bestGallery) is not null && result.GetResult(bestQueries) is null) result.AddError("--best-gallery needs --best-queries.");
            if (result.GetResult(queryLabels) is not null && result.GetResult(bestQueries) is not null && result.GetResult(bestGallery) is null)
            {
                result.AddError("--best-queries needs --best-gallery where --query-labels tells queries and gallery apart.");
            }
            // What the metrics are is known where the numbers are numbers. Defaults are not there yet.
            (string k, string far, string fpir) = (result.GetValue(ks) ?? DefaultKs, result.GetValue(fars) ?? DefaultFars, result.GetValue(fpirs) ?? "");
            if (result.GetValue(gate) is not { } name || !AreCounts(k) || !AreRates(far) || !AreRates(fpir)) return;
            IReadOnlyList<RetrievalMetric> metrics = CompatRun.MetricsOf(Counts(k), RatesOf(far, fpir));
            if (Find(name, metrics) is null) result.AddError($"--gate is '{name}'; expected one of {string.Join(", ", metrics.Select(m => m.Name))}.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            CompatSettings settings = new(
                parsed.GetRequiredValue(oldGallery),
                parsed.GetValue(oldQueries),
                parsed.GetRequiredValue(newQueries),
                parsed.GetValue(newGallery),
                parsed.GetValue(bestQueries),
                parsed.GetValue(bestGallery),
                parsed.GetRequiredValue(labels),
                parsed.GetValue(queryLabels),
                parsed.GetValue(similarity)!.ToLowerInvariant() switch { "l2" => Similarity.Euclidean, "ip" => Similarity.InnerProduct, _ => Similarity.Cosine },
                Counts(parsed.GetValue(ks)!),
                RatesOf(parsed.GetValue(fars)!, parsed.GetValue(fpirs)!),
                parsed.GetValue(fitWidth));
            RetrievalMetric? gated = parsed.GetValue(gate) is { } name ? Find(name, CompatRun.MetricsOf(settings.Ks, settings.Rates)) : null;
            using ComputeDevice device = devices.Open(parsed);
            Report report = reporting.Open(parsed, terminal);
            CompatRun run = report.Progress.Run<(string Text, double Part), CompatRun>(
                "Searching", step => (step.Part, step.Text), progress => CompatRun.Run(settings, device, progress, cancellation));
            cancellation.ThrowIfCancellationRequested();
            CompatReport.Print(report, run);
            (RetrievalMetric Metric, bool Met)? judged = gated is null ? null : (gated, run.IsCompatible(gated) == true);
            if (judged is { } g) report.WriteLine($"Gate: new/old > old/old by {g.Metric.Name} {(g.Met ? "holds" : "does not hold")}.");
            report.WritePicture("compat.png", path => CompatPicture.Draw(path, run), cancellation);
            report.WritePage("report.html", () => CompatPage.Create(settings, run, judged, File.ReadAllBytes(System.IO.Path.Combine(report.Folder!, "compat.png"))), cancellation);
            report.WriteJson(json => CompatReport.Write(json, run), cancellation);
            if (judged is { Met: false } missed)
            {
                string why = run.IsCompatible(missed.Metric) is null ? "new/old or old/old is not known" : "new/old is not above old/old";
                terminal.WriteError($"gate {missed.Metric.Name}: not met, {why}");
            }
            return Task.FromResult(judged is null or { Met: true } ? CommandLine.Success : CommandLine.Failed);
        });
        return command;
    }

    private static RetrievalMetric? Find(string name, IReadOnlyList<RetrievalMetric> metrics)
        => metrics.FirstOrDefault(m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase));

    private static bool AreCounts(string text) => Numbers(text).All(k => k is >= 1 and <= int.MaxValue && k == Math.Floor(k));

    private static bool AreRates(string text) => Numbers(text).All(rate => rate is >= 0 and <= 1);

    private static int[] Counts(string ks) => [.. Numbers(ks).Select(k => (int)k)];

    private static RetrievalOptions RatesOf(string fars, string fpirs) => new() { FalseAcceptRates = Numbers(fars), FalsePositiveRates = Numbers(fpirs) };

    private static Option<string> Path(string name, string help, string description)
        => new Option<string>(name) { HelpName = help, Description = description, Required = true }.ExpectPath();

    private static Option<string?> Optional(string name, string help, string description)
        => new Option<string?>(name) { HelpName = help, Description = description }.ExpectPath();

    private static Option<string> Rates(string name, string value, string description)
        => new Option<string>(name) { DefaultValueFactory = _ => value, HelpName = "R,…", Description = description }
            .Expect(AreRates, "rates from 0 to 1 with commas between them");

    /// <summary>Numbers with commas between them; NaN for what is none.</summary>
    private static double[] Numbers(string text) =>
    [
        .. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(word => double.TryParse(word, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out double value) ? value : double.NaN),
    ];
}
