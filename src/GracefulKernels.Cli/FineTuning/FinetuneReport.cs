using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using static GracefulKernels.Cli.Figures;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>A fine-tuning on the screen and as JSON.</summary>
internal static class FinetuneReport
{
    public static void Print(Report report, FinetuneResult result)
    {
        FineTuned tuned = result.Tuned;
        report.WriteLine(
            $"{result.Settings.NetworkPath}: {tuned.Start.Parameters.Count:N0} parameters, {tuned.Start.Outputs} classes, {result.Training.Count} training samples. On {result.Device}.");
        report.WriteLine(
            $"Linearised: {tuned.Split.Scope}, slope {Number(result.Settings.Slope)}{(tuned.Split.Trunk is null ? "" : $" ({tuned.Split.Tail.Parameters.Count:N0} parameters)")}; {LambdaText(tuned.Lambda)}; {SolverText(result)}.");
        report.WriteLine(Capitalized(tuned.Problem.Network.Plan.ToString()));
        foreach (RelinearizationStep step in tuned.Steps) report.WriteLine(StepText(step));
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("method");
        foreach (string head in (string[])["training accuracy", "test accuracy", "seconds"]) table.AddColumn(new TableColumn(head).RightAligned());
        foreach (TunedFigures f in result.Figures)
        {
            table.AddRow(
                Markup.Escape(f.Description), Percent(f.TrainAccuracy), Percent(f.TestAccuracy), f.Seconds == 0 ? "" : f.Seconds.ToString("0.0", CultureInfo.InvariantCulture));
        }
        report.Write(table);
        if (result.Flips is { } flips)
        {
            report.WriteLine($"From the linear head to LQF: {Percent(flips.PositiveFlipRate)} of the test samples became right, {Percent(flips.NegativeFlipRate)} wrong.");
        }
        if (result.Baseline is { } baseline)
        {
            string trials = string.Join(", ", baseline.Trials.Select(t => $"{Number(t.Rate)}: {(double.IsNaN(t.HeldBackAccuracy) ? "diverged" : Percent(t.HeldBackAccuracy))}"));
            report.WriteLine($"Ordinary fine-tuning: η = {Number(baseline.Rate)}{(trials.Length == 0 ? "" : $", chosen on held-back training samples ({trials})")}.");
        }
    }

    public static void Write(Utf8JsonWriter json, FinetuneResult result)
    {
        FineTuned tuned = result.Tuned;
        json.WriteString("network", result.Settings.NetworkPath);
        json.WriteString("device", result.Device.Name);
        json.WriteString("simd", result.Device.Simd?.ToString().ToLowerInvariant());
        json.WriteNumber("threads", result.Device.Threads);
        json.WriteString("solver", tuned.Dual is not null ? "dual" : result.Settings.Options.Solver == FineTuneSolver.Psgd ? "psgd" : "pcg");
        json.WriteNumber("slope", result.Settings.Slope);
        json.WriteString("scope", tuned.Split.Scope.ToString());
        json.WriteNumber("parameters", tuned.Split.Tail.Parameters.Count);
        json.WriteNumber("classes", tuned.Start.Outputs);
        json.WriteNumber("trainingSamples", result.Training.Count);
        json.WriteNumber("testSamples", result.Test?.Count ?? 0);
        json.WriteNumber("lambda", tuned.Lambda.Lambda);
        json.WriteNumber("iterations", tuned.Solver?.Iterations ?? 0);
        json.WriteFinite("relativeGradient", tuned.Solver?.RelativeGradient ?? double.NaN);
        json.WriteString("stop", tuned.Solver?.Stop.ToString().ToLowerInvariant() ?? "direct");
        json.WriteFinite("seconds", result.Figures.First(f => f.Name == "lqf").Seconds);
        json.WriteStartObject("accuracy");
        foreach (TunedFigures f in result.Figures)
        {
            json.WriteStartObject(f.Name);
            json.WriteFinite("train", f.TrainAccuracy);
            json.WriteFinite("test", f.TestAccuracy);
            json.WriteNumber("seconds", f.Seconds);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        WritePath(json, tuned.Lambda);
        json.WriteStartArray("steps");
        foreach (RelinearizationStep s in tuned.Steps) WriteStep(json, s);
        json.WriteEndArray();
        if (result.Baseline is not { } baseline) return;
        json.WriteNumber("baselineLearningRate", baseline.Rate);
    }

    private static void WritePath(Utf8JsonWriter json, LambdaChoice choice)
    {
        if (choice.Path is null) return;
        json.WriteNumber("lambdaSamples", choice.Samples);
        json.WriteObjects("lambdaPath", choice.Path.Points, p =>
        {
            json.WriteNumber("lambda", p.Lambda);
            json.WriteFinite("dataLoss", p.DataLoss);
            json.WriteFinite("leaveOneOutLoss", p.LeaveOneOutLoss);
            json.WriteFinite("leaveOneOutAccuracy", p.LeaveOneOutAccuracy);
            json.WriteFinite("gcv", p.Gcv);
            json.WriteFinite("degreesOfFreedom", p.DegreesOfFreedom);
        });
    }

    private static void WriteStep(Utf8JsonWriter json, RelinearizationStep s)
    {
        json.WriteStartObject();
        json.WriteFinite("startLoss", s.StartLoss);
        json.WriteFinite("linearLoss", s.LinearLoss);
        json.WriteFinite("linearAccuracy", s.LinearAccuracy);
        json.WriteNumber("iterations", s.Solution.Iterations);
        json.WriteNumber("seconds", s.Elapsed.TotalSeconds);
        if (s.Moved)
        {
            json.WriteNumber("lambda", s.Tries[^1].Lambda);
            json.WriteFinite("nonlinearLoss", s.Tries[^1].Loss);
            json.WriteFinite("gainRatio", s.Tries[^1].GainRatio);
        }
        json.WriteEndObject();
    }

    private static string LambdaText(LambdaChoice choice)
    {
        if (choice.Path is not { } path) return $"λ = {Number(choice.Lambda)}";
        PathPoint best = path.Best;
        return $"λ = {Number(choice.Lambda)} by leave-one-out on {choice.Samples} samples ({Percent(best.LeaveOneOutAccuracy)} right there)";
    }

    private static string SolverText(FinetuneResult result) => result.Tuned.Solver is not { } s
        ? "solved in the dual"
        : $"{s.Iterations} {(result.Settings.Options.Solver == FineTuneSolver.Psgd ? "epochs" : "iterations")} to a relative gradient of {s.RelativeGradient.ToString("G2", CultureInfo.InvariantCulture)} ({s.Stop.ToString().ToLowerInvariant()})";

    private static string StepText(RelinearizationStep s)
    {
        string linear = $"Step {s.Step}: loss {Number(s.StartLoss)}, of the linear model {Number(s.LinearLoss)} ({Percent(s.LinearAccuracy)} of the training samples right)";
        if (!s.Moved) return s.Tries.Count == 0 ? $"{linear}." : $"{linear}; no λ makes the non-linear loss fall.";
        RelinearizationTry t = s.Tries[^1];
        return $"{linear}; moved with λ = {Number(t.Lambda)}: loss {Number(t.Loss)}, {Percent(t.GainRatio)} of the gain that was promised.";
    }

    private static string Capitalized(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
