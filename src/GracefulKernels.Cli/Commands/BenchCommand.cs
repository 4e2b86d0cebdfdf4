using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful bench</c>: how near each kernel comes to what this machine can do; or what changed between two such runs.</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string?> filter = new("--filter") { HelpName = "GLOB", Description = "Only rows whose \"kernel shape\" matches: 'gemm*', '*1024*'." };
        Option<string?> threads = new("--threads") { HelpName = "1,2", Description = "Numbers of threads, each in turn; by default 1 and one a core." };
        Option<string> simd = new("--simd")
        {
            DefaultValueFactory = _ => "auto",
            HelpName = "auto|avx512|avx2|vector128|scalar",
            Description = "Instruction set of the kernels and of the arithmetic ceilings.",
        };
        Option<bool> quick = new("--quick") { Description = "Fewer shapes and runs: under a minute." };
        Option<string[]> compare = new("--compare")
        {
            HelpName = "OLD.json NEW.json",
            Description = "Measure nothing: show what changed between two runs.",
            AllowMultipleArgumentsPerToken = true,
            Arity = new ArgumentArity(2, 2),
        };
        simd.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Enum.GetNames<SimdLevel>().Select(n => n.ToLowerInvariant())]);
        Option<string> device = DeviceOptions.CreateDevice("cpu", "What to measure; 'graceful devices' shows what is here.");
        Option<string> precision = DeviceOptions.CreatePrecision();
        Command command = new("bench", "Measure this machine's ceilings and each kernel against them.") { filter, device, precision, threads, simd, quick, compare };
        ReportOptions reporting = new(command, draws: true);
        threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is string text && ParseThreads(text) is null)
            {
                result.AddError($"--threads is '{text}'; expected numbers from 1 to 1024 with commas between, such as 1,2.");
            }
        });
        command.Validators.Add(result => Check(result, compare, filter, quick, [device, precision, threads, simd]));
        command.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetResult(device) is not { Implicit: false } given) return;
            if (string.Equals(given.GetValueOrDefault<string>(), "cpu", StringComparison.OrdinalIgnoreCase)) return;
            if (result.GetResult(threads) is { Implicit: false } || result.GetResult(simd) is { Implicit: false })
            {
                result.AddError($"--threads and --simd are for --device cpu; it is {given.GetValueOrDefault<string>()}.");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            Report report;
            if (parsed.GetValue(compare) is { Length: 2 } files)
            {
                BenchComparison comparison = new(BenchReport<BenchRow>.Read(files[0]).Rows, BenchReport<BenchRow>.Read(files[1]).Rows);
                report = reporting.Open(parsed, terminal);
                comparison.Print(report);
                report.WriteJson(comparison.Write, cancellation);
                return Task.FromResult(CommandLine.Success);
            }
            BenchOptions options = new()
            {
                Filter = parsed.GetValue(filter),
                Quick = parsed.GetValue(quick),
                Device = DeviceToMeasure(parsed.GetValue(device)!),
                Gpu = new GpuOptions { Precision = DeviceOptions.ParsePrecision(parsed.GetValue(precision)!) },
                Target = Target(Enum.Parse<SimdLevel>(parsed.GetValue(simd)!, ignoreCase: true)),
                Threads = parsed.GetValue(threads) is string list ? ParseThreads(list)! : DefaultThreads(),
            };
            report = reporting.Open(parsed, terminal);
            return Task.FromResult(Run(options, report, cancellation));
        });
        return command;
    }

    /// <summary>Numbers with commas between, each once and in order; null where it is anything else.</summary>
    internal static int[]? ParseThreads(string text)
    {
        List<int> threads = [];
        foreach (string part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int n) || n is < 1 or > 1024) return null;
            if (!threads.Contains(n)) threads.Add(n);
        }
        return [.. threads];
    }

    private static int[] DefaultThreads() => Environment.ProcessorCount == 1 ? [1] : [1, Environment.ProcessorCount];

    /// <summary>Null for the processor, which has a runner of its own.</summary>
    private static string? DeviceToMeasure(string name)
    {
        if (string.Equals(name, "auto", StringComparison.OrdinalIgnoreCase)) name = ComputeDevice.Available.First(d => d.IsGpu || d.Kind == DeviceKind.Cpu).Name;
        return string.Equals(name, "cpu", StringComparison.OrdinalIgnoreCase) ? null : name;
    }

    private static CpuTarget Target(SimdLevel simd)
    {
        // Asking the device keeps one message for an instruction set that is not here.
        using ComputeDevice device = ComputeDevice.Cpu(simd, threads: 1);
        return (CpuTarget)(device.Simd!.Value - 1);
    }

    private static void Check(CommandResult result, Option<string[]> compare, Option<string?> filter, Option<bool> quick, Option[] others)
    {
        string? pattern = result.GetResult(filter) is { Errors: var errors } given && !errors.Any() ? given.GetValueOrDefault<string?>() : null;
        bool isQuick = result.GetResult(quick) is not null && result.GetValue(quick);
        if (result.GetResult(compare) is not null)
        {
            if (pattern is not null || isQuick || others.Any(o => result.GetResult(o) is { Implicit: false }))
            {
                result.AddError("--compare measures nothing: give it two files, without other options of a measurement.");
            }
        }
        else if (pattern is not null && string.IsNullOrWhiteSpace(pattern))
        {
            result.AddError("--filter is empty; expected a glob such as 'gemm*'.");
        }
        else if (pattern is not null && CaseList.Select(pattern, isQuick).Count == 0)
        {
            string rooms = string.Join(", ", CaseList.Rooms);
            result.AddError($"No row matches --filter '{pattern}'{(isQuick ? " with --quick" : "")}; rows begin with {rooms}.");
        }
    }

    private static int Run(BenchOptions options, Report report, CancellationToken cancellation)
    {
        BenchRunner processor = new(options);
        DeviceRunner gpu = new(options);
        BenchReport<BenchRow> result = report.Progress.Run<(double Part, string Text), BenchReport<BenchRow>>(
            "Measuring",
            p => (p.Part, p.Text),
            progress => options.Device is null ? processor.Run(progress, cancellation) : gpu.Run(progress, cancellation));
        report.Write(BenchTable.Ceilings(result.Machine));
        if (result.Rows.Count > 0) report.Write(BenchTable.Rows(result.Rows));
        foreach (string note in processor.Notes.Concat(gpu.Notes)) report.WriteLine(note);
        report.WritePicture("roofline.png", path => Roofline.Draw(path, result), cancellation);
        report.WriteJson(result.Write, cancellation);
        return processor.Failed || gpu.Failed ? CommandLine.Failed : CommandLine.Success;
    }
}
