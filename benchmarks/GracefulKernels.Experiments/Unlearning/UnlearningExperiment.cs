using System.Diagnostics;
using System.Globalization;
using GracefulKernels.Cli.Charts;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;
using GracefulKernels.Experiments.Results;
using Spectre.Console;

namespace GracefulKernels.Experiments.Unlearning;

/// <summary><c>unlearning</c>: removes training samples from a fine-tuned model in closed form, and compares with fitting it anew without them.</summary>
internal static class UnlearningExperiment
{
    private const int Depth = 20, Shots = 20, Seed = 400, Tests = 1000;

    public static void Run(ExperimentSettings settings)
    {
        ResultsFile results = new(
            settings.File("unlearning.csv"), 1, "removed", "distance to refit", "distance moved", "gradient before", "gradient after",
            "predictions changed", "predictions other than refit", "seconds", "seconds of refit", "seconds of PCG refit");
        int[] counts = settings.Quick ? [1, 3] : [1, 10, 100];
        if (!settings.IsLate && !counts.All(c => results.Has(c))) Remove(settings, results, counts);
        Summarise(settings, results);
    }

    private static void Remove(ExperimentSettings settings, ResultsFile results, int[] counts)
    {
        int shots = settings.Quick ? 1 : Shots;
        Transfer fashion = Transfer.Load(Transfer.Fashion, settings.Quick ? 20 : Tests);
        FewShotTask task = new(BaseNetworks.Load(Depth, settings.Device), FewShot.Draw(fashion.Pool, shots, Seed), fashion.Test, shots, Seed, KeepsHead: false);
        LeaveOneOutChoice choice = LeaveOneOutChoice.Make(task, LinearizationScope.All, Recipe.FarSlope);
        Network network = choice.Recipe.Network;
        using var linearized = new LinearizedNetwork(network, task.Train.Images, task.Train.Count);
        long started = Stopwatch.GetTimestamp();
        DualSolution solution = DualSystem.Compute(linearized, choice.Recipe.Targets(linearized.F0.Span, task.Train.Labels)).Solve(choice.Lambda);
        using ParameterVector d = solution.Update();
        // The inverse is part of a solved model: leave-one-out asks for it as well.
        _ = solution.LeaveOneOut();
        settings.Say($"solved with {task.Train.Count} samples, λ {choice.Lambda:G3}: {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        foreach (int count in counts)
        {
            settings.Cancellation.ThrowIfCancellationRequested();
            if (settings.IsLate || results.Has(count)) continue;
            int[] removed = [.. Enumerable.Range(0, count)];
            started = Stopwatch.GetTimestamp();
            Removal removal = solution.Remove(removed);
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            (ParameterVector refit, double refitSeconds, double pcgSeconds) = Refit(task, choice, count);
            using (refit)
            using (removal.Update)
            {
                double distance = Distance(removal.Update, refit), moved = Distance(d, refit);
                int[] before = Predictions(choice, d, task), after = Predictions(choice, removal.Update, task), wanted = Predictions(choice, refit, task);
                results.Add(
                    count, Short(distance), Short(moved), Short(removal.RelativeGradientBefore), Short(removal.RelativeGradient),
                    Differences(before, wanted), Differences(after, wanted), seconds, refitSeconds, pcgSeconds);
                settings.Say($"{count} removed: ‖d − refit‖/‖refit‖ {distance:G2} (before {moved:G2}); {seconds:F2} s against {refitSeconds:F1} s (dual) and {pcgSeconds:F1} s (PCG)");
            }
        }
    }

    /// <summary>Fits anew without the first samples, from the images on: by the dual closed form, and for its time by PCG with K-FAC. The penalty keeps its weight nλ.</summary>
    private static (ParameterVector Dual, double Seconds, double PcgSeconds) Refit(FewShotTask task, LeaveOneOutChoice choice, int removed)
    {
        LabelledImages rest = task.Train.Take([.. Enumerable.Range(removed, task.Train.Count - removed)]);
        double lambda = choice.Lambda * task.Train.Count / rest.Count;
        long started = Stopwatch.GetTimestamp();
        using var linearized = new LinearizedNetwork(choice.Recipe.Network, rest.Images, rest.Count);
        Targets targets = choice.Recipe.Targets(linearized.F0.Span, rest.Labels);
        double state = Stopwatch.GetElapsedTime(started).TotalSeconds;
        ParameterVector dual = DualSystem.Compute(linearized, targets).Solve(lambda).Update();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        started = Stopwatch.GetTimestamp();
        KroneckerFactors factors = KroneckerFactors.Compute(linearized, new FactorOptions { Seeds = FactorSeeds.Rademacher });
        using var preconditioner = new KroneckerPreconditioner(factors, lambda, linearized.Network.Parameters, linearized.Network.Device);
        using var problem = new LinearQuadraticProblem(linearized, targets, lambda);
        Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-3, MaxIterations = 100 }, preconditioner).Update.Dispose();
        return (dual, seconds, state + Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static int[] Predictions(LeaveOneOutChoice choice, ParameterVector d, FewShotTask task)
    {
        LinearizedModel model = choice.Recipe.Model(choice.Recipe.Network.Split(LinearizationScope.All), d);
        float[] outputs = model.Predict(task.Test.Images, task.Test.Count);
        model.Update.Dispose();
        int classes = outputs.Length / task.Test.Count;
        return [.. Enumerable.Range(0, task.Test.Count).Select(i => Array.IndexOf(outputs, outputs.AsSpan(i * classes, classes).ToArray().Max(), i * classes, classes) % classes)];
    }

    private static int Differences(int[] a, int[] b) => a.Zip(b).Count(p => p.First != p.Second);

    /// <summary><c>‖a − b‖ / ‖b‖</c> in fp64.</summary>
    private static double Distance(ParameterVector a, ParameterVector b)
    {
        float[] x = a.ToArray(), y = b.ToArray();
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += Math.Pow((double)x[i] - y[i], 2);
        return Math.Sqrt(sum) / b.Norm();
    }

    private static string Short(double value) => value.ToString("0.0E+0", CultureInfo.InvariantCulture);

    private static void Summarise(ExperimentSettings settings, ResultsFile results)
    {
        IReadOnlyDictionary<string, string>[] rows = [.. results.Rows];
        Table table = new Table().AddColumns([.. rows[0].Keys]);
        foreach (IReadOnlyDictionary<string, string> row in rows) table.AddRow([.. row.Values]);
        settings.Console.Write(table);
        string[] counts = [.. rows.Select(r => r["removed"])];
        Chart.SavePng(
            settings.File("unlearning.png"), 420,
            (Bars.Grouped("Agreement with a refit without them", "samples removed", "digits: −log₁₀ of the relative distance", counts,
                [new BarSeries("before removal", Values("distance moved", d => -Math.Log10(d))), new BarSeries("after", Values("distance to refit", d => -Math.Log10(d)))], "0.0"), 620),
            (Bars.Grouped("Seconds", "samples removed", "s", counts,
                [new BarSeries("closed form", Values("seconds")), new BarSeries("dual refit", Values("seconds of refit")), new BarSeries("PCG refit", Values("seconds of PCG refit"))]), 560));

        double[] Values(string column, Func<double, double>? map = null)
            => [.. rows.Select(r => double.Parse(r[column], CultureInfo.InvariantCulture)).Select(map ?? (v => v))];
    }
}
