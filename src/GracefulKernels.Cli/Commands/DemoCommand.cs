using System.CommandLine;
using GracefulKernels.Cli.Demo;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful demo</c>: the whole story on real data, in under a minute.</summary>
internal static class DemoCommand
{
    private const string DefaultFolder = "graceful-out";

    public static Command Create(Terminal terminal)
    {
        Option<int> seed = new("--seed") { HelpName = "S", Description = "Of the splits, the initial weights and the order of samples.", DefaultValueFactory = _ => 0 };
        Command command = new("demo", "Train a small network on handwritten digits, update it in four ways, and show what each gained and broke.") { seed };
        DeviceOptions devices = new(command);
        ReportOptions reporting = new(command, draws: true, DefaultFolder);
        command.SetAction((parsed, cancellation) =>
        {
            using ComputeDevice device = devices.Open(parsed);
            Run(reporting.Open(parsed, terminal), device, new DemoSettings { Seed = parsed.GetValue(seed) }, cancellation);
            return Task.FromResult(CommandLine.Success);
        });
        return command;
    }

    /// <summary>Runs the demo, prints it, and writes <c>flips.png</c>, <c>convergence.png</c> and <c>report.json</c>; nothing is written before all is done.</summary>
    internal static DemoResult Run(Report report, ComputeDevice device, DemoSettings settings, CancellationToken cancellation)
    {
        DemoResult result = report.Progress.Run<DemoProgress, DemoResult>(
            "Demo", step => (step.Part, step.Text), progress => DemoRun.Run(device, settings, progress, cancellation));
        cancellation.ThrowIfCancellationRequested();
        DemoReport.Print(report, result);
        report.WritePicture("flips.png", path => DemoPictures.DrawFlips(path, result), cancellation);
        report.WritePicture("convergence.png", path => DemoPictures.DrawConvergence(path, result), cancellation);
        string json = Path.Combine(report.Folder!, "report.json");
        JsonReport.Save(json, writer => DemoReport.Write(writer, result), cancellation);
        report.WriteLine($"Report:  {json}");
        report.WriteJson(writer => DemoReport.Write(writer, result), cancellation);
        return result;
    }
}
