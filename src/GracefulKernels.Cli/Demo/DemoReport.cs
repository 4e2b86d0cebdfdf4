using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace GracefulKernels.Cli.Demo;

/// <summary>The demo on the screen and as JSON.</summary>
internal static class DemoReport
{
    public static void Print(Report report, DemoResult result)
    {
        int models = result.Settings.Models, training = result.Data.Training.Count;
        report.WriteLine(
            $"UCI digits: {models} networks v1, each trained on {result.Data.Cuts[0].First.Count} of {training} training samples, are updated on all {training}. "
            + $"Counted on {result.Data.Test.Count} test samples and summed over the {models}. On {result.Device}.");
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("method", "what");
        foreach (string head in (string[])["test accuracy", "NFR", "PFR", "relative NFR", "iterations", "seconds"])
        {
            table.AddColumn(new TableColumn(head).RightAligned());
        }
        foreach (MethodFigures m in result.Methods)
        {
            bool first = m == result.Methods[0];
            table.AddRow(
                m.Name,
                Markup.Escape(m.Description),
                Percent(m.Counts.NewAccuracy),
                first ? "" : Percent(m.Counts.NegativeFlipRate),
                first ? "" : Percent(m.Counts.PositiveFlipRate),
                first ? "" : Percent(m.Counts.RelativeNegativeFlipRate),
                m.Unit == "iterations" ? $"{m.Iterations}" : $"{m.Iterations} {m.Unit}",
                m.Seconds.ToString("0.00", CultureInfo.InvariantCulture));
        }
        report.Write(table);
        report.WriteLine("NFR: right in v1, wrong after; PFR: the other way. Relative NFR: 100 % = errors independent of v1's.");
        report.WriteLine("LQF is preconditioned by K-FAC. Seconds are those of one update.");
        PrintChoices(report, result);
        PrintConvergence(report, result);
        PrintHalved(report, result);
        report.WriteLine($"{result.Seconds.ToString("0.0", CultureInfo.InvariantCulture)} s in all.");
    }

    public static void Write(Utf8JsonWriter json, DemoResult result)
    {
        DemoSettings s = result.Settings;
        json.WriteString("device", result.Device.Name);
        json.WriteString("simd", result.Device.Simd?.ToString().ToLowerInvariant());
        json.WriteNumber("threads", result.Device.Threads);
        json.WriteStartArray("methods");
        foreach (MethodFigures m in result.Methods) WriteMethod(json, m);
        json.WriteEndArray();
        json.WriteNumber("seed", s.Seed);
        json.WriteNumber("seconds", result.Seconds);
        json.WriteNumber("trainingSamples", result.Data.Training.Count);
        json.WriteNumber("firstSamples", result.Data.Cuts[0].First.Count);
        json.WriteNumber("testSamples", result.Data.Test.Count);
        json.WriteNumber("models", s.Models);
        json.WriteNumber("lambda", s.Lambda);
        json.WriteNumber("tolerance", s.Tolerance);
        json.WriteNumber("lambdaPc", result.LambdaPc.Chosen);
        json.WriteNumber("learningRate", result.LearningRate.Chosen);
        WriteChoice(json, "lambdaPcTrials", result.LambdaPc);
        WriteChoice(json, "learningRateTrials", result.LearningRate);
        json.WriteFinite("pcgIterationRatio", result.Convergence.PcgRatio);
        json.WriteStartArray("convergence");
        foreach (Convergence.Curve c in result.Convergence.Curves) WriteCurve(json, c);
        json.WriteEndArray();
        json.WriteObjects("halvedLearningRates", result.Halved, h =>
        {
            json.WriteString("what", h.What);
            json.WriteNumber("asked", h.Asked);
            json.WriteNumber("taken", h.Taken);
        });
    }

    private static void PrintChoices(Report report, DemoResult result)
    {
        (IReadOnlyList<HeldBackChoice.Trial> trials, double chosen) = result.LambdaPc;
        HeldBackChoice.Trial plain = trials[0], taken = trials.First(t => t.Value == chosen);
        report.WriteLine(
            $"λ_pc = {Number(chosen)} of {string.Join(", ", trials.Select(t => Number(t.Value)))}, chosen on held-back training samples: the largest that costs "
            + $"at most {Percent(result.Settings.AccuracyMargin)} of accuracy there ({taken.HeldBack.NewRight} right against "
            + $"{plain.HeldBack.NewRight} of {plain.HeldBack.Samples}; {taken.HeldBack.NegativeFlips} negative flips against {plain.HeldBack.NegativeFlips}).");
        report.WriteLine(
            $"η of fine-tuning = {Number(result.LearningRate.Chosen)}, chosen alike: the most accurate of "
            + $"{string.Join(", ", result.LearningRate.Trials.Select(t => $"{Number(t.Value)} ({t.HeldBack.NewRight} right)"))}.");
    }

    private static void PrintConvergence(Report report, DemoResult result)
    {
        Convergence c = result.Convergence;
        (Convergence.Curve with, Convergence.Curve without) = (c["pcg", true], c["pcg", false]);
        report.WriteLine(
            $"PCG to a relative gradient of {Number(result.Settings.Tolerance)}: {with.Iterations} iterations with K-FAC, "
            + $"{(without.Converged ? "" : "more than ")}{without.Iterations} without: {(without.Converged ? "" : "over ")}"
            + $"{c.PcgRatio.ToString("0.0", CultureInfo.InvariantCulture)} times fewer.");
        report.WriteLine(
            $"P-SGD after {result.Settings.PsgdEpochs} epochs: loss {Number(c["psgd", true].Points[^1].Loss)} with K-FAC, {Number(c["psgd", false].Points[^1].Loss)} without; "
            + $"PCG {Number(with.Points[^1].Loss)}.");
    }

    /// <summary>Nothing is said where nothing diverged.</summary>
    private static void PrintHalved(Report report, DemoResult result)
    {
        foreach (IGrouping<(string What, double Asked), Halving.Halved> g in result.Halved.GroupBy(h => (h.What, h.Asked)))
        {
            report.WriteLine(
                $"Diverged at η = {Significant(g.Key.Asked)}: {g.Key.What}, {(g.Count() == 1 ? "once" : $"{g.Count()} times")}; done at a halved η, down to "
                + $"{Significant(g.Min(h => h.Taken))}.");
        }
    }

    private static void WriteMethod(Utf8JsonWriter json, MethodFigures m)
    {
        json.WriteStartObject();
        json.WriteString("name", m.Name);
        json.WriteFinite("accuracy", m.Counts.NewAccuracy);
        json.WriteFinite("nfr", m.Counts.NegativeFlipRate);
        json.WriteFinite("pfr", m.Counts.PositiveFlipRate);
        json.WriteFinite("relativeNfr", m.Counts.RelativeNegativeFlipRate);
        json.WriteNumber("iterations", m.Iterations);
        json.WriteNumber("seconds", m.Seconds);
        WriteCounts(json, m.Counts);
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, string name, HeldBackChoice choice)
    {
        json.WriteObjects(name, choice.Trials, t =>
        {
            json.WriteNumber("value", t.Value);
            json.WriteFinite("accuracy", t.HeldBack.NewAccuracy);
            json.WriteFinite("meanLoss", t.Loss / t.HeldBack.Samples);
            WriteCounts(json, t.HeldBack);
        });
    }

    private static void WriteCurve(Utf8JsonWriter json, Convergence.Curve curve)
    {
        json.WriteStartObject();
        json.WriteString("solver", curve.Solver);
        json.WriteBoolean("preconditioned", curve.Preconditioned);
        json.WriteBoolean("converged", curve.Converged);
        json.WriteNumber("iterations", curve.Iterations);
        json.WriteStartArray("relativeGradient");
        foreach (SolverProgress p in curve.Points) json.WriteFinite(p.RelativeGradient);
        json.WriteEndArray();
        json.WriteStartArray("loss");
        foreach (SolverProgress p in curve.Points) json.WriteFinite(p.Loss);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, FlipCounts counts)
    {
        json.WriteNumber("samples", counts.Samples);
        json.WriteNumber("negativeFlips", counts.NegativeFlips);
        json.WriteNumber("positiveFlips", counts.PositiveFlips);
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Significant(double value) => value.ToString("G3", CultureInfo.InvariantCulture);

    private static string Percent(double part)
        => double.IsNaN(part) ? "—" : (100 * part).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}
