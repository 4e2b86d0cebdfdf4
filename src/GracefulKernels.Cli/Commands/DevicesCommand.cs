using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Spectre.Console;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful devices</c>: what is here, and what <c>auto</c> would choose.</summary>
internal static class DevicesCommand
{
    private const string Reason = "the widest that this processor and the .NET runtime have; results are the same bits on each";

    public static Command Create(Terminal terminal)
    {
        Command command = new("devices", "Show what the kernels can run on here, and what 'auto' chooses.");
        ReportOptions reporting = new(command, draws: false);
        command.SetAction((parsed, cancellation) =>
        {
            Show(reporting.Open(parsed, terminal), cancellation);
            return Task.FromResult(CommandLine.Success);
        });
        return command;
    }

    private static void Show(Report report, CancellationToken cancellation)
    {
        IReadOnlyList<SimdLevel> supported = ComputeDevice.SupportedSimd;
        string model = ProcessorName();
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("device", "processor", "cores", "instruction set", "here", "auto");
        bool first = true;
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(l => l != SimdLevel.Auto))
        {
            table.AddRow(
                first ? "cpu" : "",
                first ? Markup.Escape(model) : "",
                first ? $"{Environment.ProcessorCount}" : "",
                Word(level),
                supported.Contains(level) ? "yes" : "no",
                level == supported[0] ? "chosen" : "");
            first = false;
        }
        report.Write(table);
        report.WriteLine($"auto chooses cpu with {Word(supported[0])}: {Reason}.");
        report.WriteJson(json => Write(json, model, supported), cancellation);
    }

    private static void Write(Utf8JsonWriter json, string model, IReadOnlyList<SimdLevel> supported)
    {
        json.WriteString("auto", "cpu");
        json.WriteStartArray("devices");
        json.WriteStartObject();
        json.WriteString("name", "cpu");
        json.WriteString("model", model);
        json.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());
        json.WriteNumber("cores", Environment.ProcessorCount);
        json.WriteStrings("simd", supported.Select(Word));
        json.WriteString("autoSimd", Word(supported[0]));
        json.WriteString("reason", Reason);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static string Word(SimdLevel level) => level.ToString().ToLowerInvariant();

    private static string ProcessorName()
    {
        string architecture = RuntimeInformation.ProcessArchitecture.ToString();
        const string Linux = "/proc/cpuinfo";
        try
        {
            string? line = File.Exists(Linux) ? File.ReadLines(Linux).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
            string name = line is null ? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "" : line[(line.IndexOf(':') + 1)..];
            return string.IsNullOrWhiteSpace(name) ? architecture : name.Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return architecture;
        }
    }
}
