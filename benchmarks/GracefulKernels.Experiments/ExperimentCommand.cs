using System.CommandLine;
using Spectre.Console;

namespace GracefulKernels.Experiments;

/// <summary>What every experiment is given.</summary>
/// <param name="Folder">CSV and pictures go there.</param>
/// <param name="Device">Where it computes.</param>
/// <param name="Quick">A few cells on few images: whether everything runs, not what comes out.</param>
/// <param name="Console">Tables and progress.</param>
/// <param name="Deadline">No row is begun after it; what there is gets its tables and pictures.</param>
/// <param name="Cancellation">Ctrl+C; finished cells stay in the CSV.</param>
internal sealed record ExperimentSettings(
    string Folder, ComputeDevice Device, bool Quick, IAnsiConsole Console, DateTime Deadline, CancellationToken Cancellation)
{
    /// <summary>Whether the time for new rows is over.</summary>
    public bool IsLate => DateTime.UtcNow > Deadline;

    /// <summary>A file of the folder; a quick run has files of its own.</summary>
    public string File(string name) => Path.Combine(Folder, Quick ? $"quick-{name}" : name);

    /// <summary>One line of progress.</summary>
    public void Say(string text) => Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss} {text}");
}

/// <summary>The command of an experiment: <c>--out DIR --threads N --quick</c>.</summary>
internal static class ExperimentCommand
{
    public static Command Create(string name, string description, Action<ExperimentSettings> run)
    {
        Option<string> folder = new("--out")
        {
            HelpName = "DIR",
            Description = "CSV and pictures go there; rows that its CSV has already are not computed again.",
            DefaultValueFactory = _ => "benchmarks/GracefulKernels.Experiments/results",
        };
        Option<int> threads = new("--threads") { HelpName = "N", Description = "Threads of the processor, 0 for one a core." };
        Option<bool> quick = new("--quick") { Description = "A few cells on few images: whether everything runs." };
        Option<double> minutes = new("--minutes")
        {
            HelpName = "M",
            Description = "Begin no row after so many minutes; 0 draws what the CSV has.",
            DefaultValueFactory = _ => double.PositiveInfinity,
        };
        Command command = new(name, description) { folder, threads, quick, minutes };
        command.SetAction((parsed, cancellation) =>
        {
            Directory.CreateDirectory(parsed.GetValue(folder)!);
            using ComputeDevice device = ComputeDevice.Cpu(threads: parsed.GetValue(threads));
            // A file has no edge to wrap at.
            if (System.Console.IsOutputRedirected) AnsiConsole.Profile.Width = 200;
            double limit = parsed.GetValue(minutes);
            DateTime deadline = double.IsFinite(limit) ? DateTime.UtcNow.AddMinutes(limit) : DateTime.MaxValue;
            run(new ExperimentSettings(parsed.GetValue(folder)!, device, parsed.GetValue(quick), AnsiConsole.Console, deadline, cancellation));
            return Task.FromResult(0);
        });
        return command;
    }
}
