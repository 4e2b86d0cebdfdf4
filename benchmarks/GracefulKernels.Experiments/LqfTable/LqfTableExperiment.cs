using System.Diagnostics;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;
using GracefulKernels.Experiments.Results;

namespace GracefulKernels.Experiments.LqfTable;

/// <summary><c>lqf-table</c>: test errors of LQF, ordinary fine-tuning and other linear methods (LQF fig. 1, table 1).</summary>
internal static class LqfTableExperiment
{
    private const int Tests = 1000, QuickTests = 50;

    public static void Run(ExperimentSettings settings)
    {
        ResultsFile results = Open(settings);
        Dictionary<string, Transfer> data = [];
        foreach (TableCell cell in settings.Quick ? TablePlan.Quick : TablePlan.Cells)
        {
            FewShotTask? task = null;
            foreach (TableMethod method in TableMethod.All.Where(m => cell.Shots <= m.MostShots))
            {
                settings.Cancellation.ThrowIfCancellationRequested();
                if (settings.IsLate || results.Has(cell.Depth, cell.Data, cell.Shots, cell.Seed, method.Name)) continue;
                task ??= Task(cell, data, settings);
                long started = Stopwatch.GetTimestamp();
                Outcome outcome = method.Run(task, settings.Quick);
                double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                results.Add(cell.Depth, cell.Data, cell.Shots, cell.Seed, method.Name, outcome.Error, outcome.Detail, seconds);
                settings.Say($"ResNet-{cell.Depth} {cell.Data} {cell.Shots}/class seed {cell.Seed} {method.Name}: {outcome.Error:F1} % ({outcome.Detail}; {seconds:F0} s)");
            }
        }
        TableSummary summary = new(results.Rows);
        summary.Print(settings.Console);
        TablePictures.Draw(settings, summary);
    }

    private static ResultsFile Open(ExperimentSettings settings)
        => new(settings.File("lqf-table.csv"), 5, "depth", "data", "shots", "seed", "method", "error", "chosen", "seconds");

    private static FewShotTask Task(TableCell cell, Dictionary<string, Transfer> data, ExperimentSettings settings)
    {
        if (!data.TryGetValue(cell.Data, out Transfer? transfer))
        {
            data.Add(cell.Data, transfer = Transfer.Load(cell.Data, settings.Quick ? QuickTests : Tests));
        }
        return new FewShotTask(
            BaseNetworks.Load(cell.Depth, settings.Device), FewShot.Draw(transfer.Pool, cell.Shots, cell.Seed), transfer.Test, cell.Shots, cell.Seed, transfer.KeepsHead);
    }
}
