using System.CommandLine;
using System.Globalization;
using GracefulKernels.Cli;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Cli.Commands;
using GracefulKernels.Kernels;
using Spectre.Console;
using ExitCode = GracefulKernels.Cli.CommandLine;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary><c>peers</c>: ours and other libraries in turns; OpenBLAS once as it starts and once for each forced core, in processes of their own.</summary>
internal static class PeersCommand
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        Terminal terminal = Terminal.OfProcess();
        try
        {
            Command command = Create(terminal);
            ParseResult parsed = command.Parse(arguments);
            if (parsed.Errors.Count == 0) return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
            terminal.WriteError(string.Join(' ', parsed.Errors.Select(e => e.Message)));
            return ExitCode.BadUsage;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            terminal.WriteError(e.Message);
            return ExitCode.Failed;
        }
    }

    private static RootCommand Create(Terminal terminal)
    {
        Option<string?> filter = new("--filter") { HelpName = "GLOB", Description = "Only rows whose \"kernel shape\" matches." };
        Option<string> threads = new("--threads") { HelpName = "1,2", DefaultValueFactory = _ => "1", Description = "Numbers of threads, each in turn." };
        Option<bool> quick = new("--quick") { Description = "Fewer shapes and runs." };
        Option<string[]> only = new("--peers")
        {
            HelpName = "openblas onnxruntime tensorprimitives own",
            Description = "Only these peers.",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string[]> cores = new("--coretype")
        {
            HelpName = "auto SKYLAKEX",
            Description = "Cores of OpenBLAS, each in a process of its own; auto is what it finds. By default auto, SKYLAKEX where there is AVX-512, and what OPENBLAS_CORETYPE says.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ForcedCore.Defaults,
        };
        // How a run asks for OpenBLAS in a process of its own: what OPENBLAS_CORETYPE says holds for a whole process.
        Option<bool> child = new("--openblas-only") { Hidden = true };
        threads.Validators.Add(result =>
        {
            if (BenchCommand.ParseThreads(result.GetValueOrDefault<string>()) is null) result.AddError("--threads expects numbers from 1 to 1024 with commas between.");
        });
        RootCommand command = new("peers: our kernels and other libraries, timed in turns.") { filter, threads, quick, only, cores, child };
        ReportOptions reporting = new(command, draws: false);
        command.SetAction((parsed, cancellation) =>
        {
            Report report = reporting.Open(parsed, terminal);
            string[]? names = parsed.GetValue(only) is { Length: > 0 } given ? given : null;
            BenchOptions options = new()
            {
                Filter = parsed.GetValue(filter),
                Quick = parsed.GetValue(quick),
                Target = KernelSets.Best,
                Threads = BenchCommand.ParseThreads(parsed.GetValue(threads)!)!,
            };
            PeerRunner runner = new(options, names, parsed.GetValue(child));
            BenchReport<PeerRow> result = report.Progress.Run<(double Part, string Text), BenchReport<PeerRow>>(
                "Measuring", p => (p.Part, p.Text), progress => runner.Run(progress, cancellation));
            List<string> notes = [.. runner.Notes];
            bool failed = runner.Failed;
            if (!parsed.GetValue(child) && names?.Contains("openblas") != false)
            {
                foreach (string core in parsed.GetValue(cores) ?? [])
                {
                    if (ForcedCore.Run(core, options, notes) is BenchReport<PeerRow> part) result = Join(result, part);
                    else failed = true;
                }
            }
            report.Write(BenchTable.Ceilings(result.Machine));
            if (result.Rows.Count > 0) report.Write(Table(result.Rows));
            foreach (string note in notes) report.WriteLine(note);
            report.WriteJson(result.Write, cancellation);
            return Task.FromResult(failed ? ExitCode.Failed : ExitCode.Success);
        });
        return command;
    }

    // A row stands beside its like; the better ceilings of both processes are the machine's.
    private static BenchReport<PeerRow> Join(BenchReport<PeerRow> a, BenchReport<PeerRow> b)
    {
        MachineInfo machine = a.Machine with { Ceilings = [.. a.Machine.Ceilings.Zip(b.Machine.Ceilings, MachineCeilings.Best)] };
        List<string> order = [.. CaseList.All.Select(c => c.Title)];
        return new(machine, [.. a.Rows.Concat(b.Rows).OrderBy(r => r.Threads).ThenBy(r => order.IndexOf($"{r.Kernel} {r.Shape}"))]);
    }

    private static Table Table(IEnumerable<PeerRow> rows)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("kernel").NoWrap()).AddColumn(new TableColumn("shape").NoWrap());
        foreach (string name in new[] { "thr", "ours", "GFLOP/s", "ceiling" }) table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("peer").NoWrap());
        foreach (string name in new[] { "peer's", "ratio" }) table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        foreach (PeerRow r in rows)
        {
            table.AddRow(
                Markup.Escape(r.Kernel),
                Markup.Escape(r.Shape),
                $"{r.Threads}",
                BenchTable.Time(r.SecondsMin),
                BenchTable.Rate(r.Gflops),
                r.Fraction.ToString("0 %", CultureInfo.InvariantCulture),
                r.Peer,
                BenchTable.Time(r.PeerSecondsMin),
                r.Ratio.ToString("0.00", CultureInfo.InvariantCulture));
        }
        return table;
    }
}
