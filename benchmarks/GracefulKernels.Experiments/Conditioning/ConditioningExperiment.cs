using System.Diagnostics;
using System.Globalization;
using GracefulKernels.Cli.Charts;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;
using GracefulKernels.Experiments.Results;
using Spectre.Console;

namespace GracefulKernels.Experiments.Conditioning;

/// <summary><c>conditioning</c>: κ of P⁻¹H by Lanczos and PCG iterations for each preconditioner; and that the last layer's block is exact.</summary>
internal static class ConditioningExperiment
{
    private const int Depth = 20, Shots = 5, Seed = 300, LanczosSteps = 40, MostIterations = 300;

    private const double Tolerance = 1e-3;

    public static void Run(ExperimentSettings settings)
    {
        ResultsFile results = new(settings.File("conditioning.csv"), 3, "base", "scope", "preconditioner", "largest", "smallest", "condition", "iterations", "gradient", "setup seconds", "seconds an iteration");
        ResultsFile curve = new(settings.File("conditioning-curves.csv"), 4, "base", "scope", "preconditioner", "iteration", "gradient");
        foreach ((string name, float slope) in new[] { ("slope 0.01", Recipe.NearSlope), ("slope 0.2", Recipe.FarSlope) })
        {
            foreach (LinearizationScope scope in new[] { LinearizationScope.All, LinearizationScope.Head }) Run(settings, results, curve, name, slope, scope);
        }
        // Nearer to no penalty, which is where the paper is.
        Run(settings, results, curve, "slope 0.2 and λ/100", Recipe.FarSlope, LinearizationScope.All, 0.01);
        Summarise(settings, results, curve);
    }

    private static void Run(ExperimentSettings settings, ResultsFile results, ResultsFile curve, string name, float slope, LinearizationScope scope, double factor = 1)
    {
        if (settings.IsLate || Preconditioners.Names.All(p => results.Has(name, scope, p))) return;
        int shots = settings.Quick ? 1 : Shots;
        Transfer fashion = Transfer.Load(Transfer.Fashion, 10);
        FewShotTask task = new(BaseNetworks.Load(Depth, settings.Device), FewShot.Draw(fashion.Pool, shots, Seed), fashion.Test, shots, Seed, KeepsHead: false);
        LeaveOneOutChoice choice = LeaveOneOutChoice.Make(task, scope, slope);
        double lambda = factor * choice.Lambda;
        NetworkSplit split = choice.Recipe.Network.Split(scope);
        using var linearized = new LinearizedNetwork(split.Tail, split.TailInputs(task.Train.Images, task.Train.Count), task.Train.Count);
        using var problem = new LinearQuadraticProblem(linearized, choice.Recipe.Targets(linearized.F0.Span, task.Train.Labels), lambda);
        var preconditioners = new Preconditioners(linearized, lambda);
        foreach (string kind in Preconditioners.Names)
        {
            settings.Cancellation.ThrowIfCancellationRequested();
            if (settings.IsLate || results.Has(name, scope, kind)) continue;
            long started = Stopwatch.GetTimestamp();
            using Preconditioner? preconditioner = preconditioners.Make(kind);
            double setup = Stopwatch.GetElapsedTime(started).TotalSeconds;
            ConditionEstimate estimate = Spectrum.ConditionNumber(problem, preconditioner, settings.Quick ? 3 : LanczosSteps);
            SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = Tolerance, MaxIterations = settings.Quick ? 3 : MostIterations }, preconditioner);
            result.Update.Dispose();
            foreach (SolverProgress p in result.History) curve.Add(name, scope, kind, p.Iteration, p.RelativeGradient.ToString("0.00E+0", CultureInfo.InvariantCulture));
            double each = result.Elapsed.TotalSeconds / Math.Max(1, result.Iterations);
            results.Add(
                name, scope, kind, estimate.Largest.ToString("G4", CultureInfo.InvariantCulture), estimate.Smallest.ToString("G4", CultureInfo.InvariantCulture),
                estimate.Condition.ToString("G4", CultureInfo.InvariantCulture), result.Iterations, result.RelativeGradient.ToString("G2", CultureInfo.InvariantCulture), setup, each);
            settings.Say($"{name} {scope} {kind}: κ {estimate.Condition:G3}, {result.Iterations} iterations to {result.RelativeGradient:G2}");
        }
    }

    private static void Summarise(ExperimentSettings settings, ResultsFile results, ResultsFile curve)
    {
        string[] columns = ["base", "scope", "preconditioner", "largest", "smallest", "condition", "iterations", "gradient"];
        Table table = new Table().AddColumns(columns);
        foreach (IReadOnlyDictionary<string, string> row in results.Rows) table.AddRow([.. columns.Select(c => row[c])]);
        settings.Console.Write(table);
        var panels = curve.Rows.Where(r => r["scope"] == "all").GroupBy(r => r["base"]).Select(g => (Lines.Create(
            $"{g.Key}", "iteration", "relative gradient",
            [.. Preconditioners.Names.Select(kind => new LineSeries(
                kind,
                [.. g.Where(r => r["preconditioner"] == kind).Select(r => double.Parse(r["iteration"], CultureInfo.InvariantCulture))],
                [.. g.Where(r => r["preconditioner"] == kind).Select(r => double.Parse(r["gradient"], CultureInfo.InvariantCulture))]))],
            logY: true), 480));
        Chart.SavePng(settings.File("conditioning.png"), 430, [.. panels]);
    }
}
