using System.CommandLine;
using System.CommandLine.Parsing;
using GracefulKernels.Cli.Comparison;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful compare</c>: what an update broke and what it mended, on labelled data.</summary>
internal static class CompareCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string?> old = new("--old")
        {
            HelpName = "OLD.npy",
            Description = "Outputs of the old model: logits [n × C] (float32) or predictions [n] (integers).",
        };
        Option<string?> @new = new("--new") { HelpName = "NEW.npy", Description = "Outputs of the new model, of the same kind." };
        Option<string[]> pairs = new("--pairs")
        {
            HelpName = "A.npy B.npy …",
            Description = "Outputs of several models: negative flip rates between every two of them.",
            AllowMultipleArgumentsPerToken = true,
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> labels = new("--labels") { HelpName = "Y.npy", Description = "Labels [n] (integers).", Required = true };
        Option<int> ignore = new("--ignore-index")
        {
            HelpName = "I",
            Description = "Rows with this label are left out.",
            DefaultValueFactory = _ => -100,
        };
        Command command = new("compare", "Count flips between an old and a new model (--old, --new), or between every two of several (--pairs).")
        {
            old, @new, pairs, labels, ignore,
        };
        old.ExpectPath();
        @new.ExpectPath();
        pairs.ExpectPath();
        labels.ExpectPath();
        UpdateOptions update = new(command);
        // Counting reads each element of the files once: the way to a GPU would take longer than the processor's whole work.
        DeviceOptions devices = new(command, preferred: "cpu");
        ReportOptions reporting = new(command, draws: true, contents: "the page report.html, the pictures and, for two models, all flips (flips.csv)");
        command.Validators.Add(result => Check(result, old, @new, pairs, update));
        command.SetAction((parsed, cancellation) =>
        {
            using NpyReader y = Predictions.OpenLabels(parsed.GetRequiredValue(labels));
            string[] many = parsed.GetValue(pairs) ?? [];
            string[] paths = many.Length > 0 ? many : [parsed.GetValue(old)!, parsed.GetValue(@new)!];
            List<Predictions> models = [];
            bool released = true;
            try
            {
                foreach (string path in paths) models.Add(Predictions.Open(path));
                Predictions.CheckRows(models, y);
                if (many.Length > 0)
                {
                    Predictions.CheckClasses(models);
                    using ComputeDevice device = devices.Open(parsed);
                    ComparePairs(reporting.Open(parsed, terminal), models, y, parsed.GetValue(ignore), device, cancellation);
                }
                else
                {
                    UpdateRun run = update.Read(parsed, models[0], models[1], y, parsed.GetValue(ignore));
                    using ComputeDevice device = devices.Open(parsed);
                    released = run.Run(reporting.Open(parsed, terminal), terminal, device, cancellation);
                }
            }
            finally
            {
                foreach (Predictions model in models) model.Dispose();
            }
            return Task.FromResult(released ? CommandLine.Success : CommandLine.Failed);
        });
        return command;
    }

    private static void ComparePairs(
        Report report, List<Predictions> models, NpyReader labels, int ignoreIndex, ComputeDevice device, CancellationToken cancellation)
    {
        PairwiseComparison pairs = report.Progress.Run(
            "Comparing", progress => PairwiseComparison.Run(models, labels, ignoreIndex, device, progress, cancellation));
        cancellation.ThrowIfCancellationRequested();
        string[] names = ModelNames.Shortest([.. models.Select(m => m.Path)]);
        PairwiseReport.Print(report, pairs, names);
        report.WritePicture("nfr-matrix.png", path => PairwiseReport.Draw(path, pairs, names), cancellation);
        report.WritePage("report.html", () => PairwisePage.Create(models, labels, pairs, names), cancellation);
        report.WriteJson(json => PairwiseReport.Write(json, pairs, names), cancellation);
    }

    private static void Check(CommandResult result, Option<string?> old, Option<string?> @new, Option<string[]> pairs, UpdateOptions update)
    {
        bool hasOld = result.GetResult(old) is not null, hasNew = result.GetResult(@new) is not null;
        if (result.GetResult(pairs) is { } given)
        {
            if (hasOld || hasNew) result.AddError("Give either --old and --new, or --pairs.");
            else if (given.Tokens.Count is < 2 or > PairwiseReport.MaximumModels)
            {
                result.AddError($"--pairs has {given.Tokens.Count} files; expected 2 to {PairwiseReport.MaximumModels}.");
            }
            else if (update.FirstGiven(result) is { } option) result.AddError($"{option} needs --old and --new.");
        }
        else if (!hasOld || !hasNew)
        {
            result.AddError(hasOld ? "--new is missing." : hasNew ? "--old is missing." : "Give --old and --new, or --pairs.");
        }
        else if (update.Problem(result) is { } problem) result.AddError(problem);
    }
}
