using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Spectre.Console;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful devices</c>: what is here, how fast its memory is, and what <c>auto</c> would choose.</summary>
internal static class DevicesCommand
{
    private const string SimdReason = "the widest that this processor and the .NET runtime have; results are the same bits on each";

    public static Command Create(Terminal terminal)
    {
        Option<bool> measure = new("--measure") { Description = "Measure how fast each device copies its own memory." };
        Command command = new("devices", "Show what the kernels can run on here, and what 'auto' chooses.") { measure };
        ReportOptions reporting = new(command, draws: false);
        command.SetAction((parsed, cancellation) =>
        {
            Show(reporting.Open(parsed, terminal), parsed.GetValue(measure), cancellation);
            return Task.FromResult(CommandLine.Success);
        });
        return command;
    }

    private static void Show(Report report, bool measure, CancellationToken cancellation)
    {
        Row[] rows = [.. ComputeDevice.Available.Select(d => new Row(d, measure ? Measure(d, cancellation) : null))];
        // The first GPU or the processor: Available is in the order of preference.
        DeviceInfo chosen = rows.First(r => r.Device.IsGpu || r.Device.Kind == DeviceKind.Cpu).Device;
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("device", "model", "memory", "units", "code");
        if (measure) table.AddColumn(new TableColumn("copy").RightAligned());
        table.AddColumn("auto");
        foreach (Row row in rows)
        {
            string[] cells = [row.Device.Name, Markup.Escape(row.Device.Model), Gigabytes(row.Device.MemoryBytes), $"{row.Device.ComputeUnits}", Code(row.Device)];
            if (measure) cells = [.. cells, Markup.Escape(row.Copy?.ToString() ?? "")];
            table.AddRow([.. cells, row.Device == chosen ? "chosen" : ""]);
        }
        report.Write(table);
        report.WriteLine(
            chosen.Kind == DeviceKind.Cpu ? $"auto chooses cpu with {Word(ComputeDevice.SupportedSimd[0])}: {SimdReason}." : $"auto chooses {chosen.Name}: CUDA before OpenCL, a GPU before the processor.");
        foreach (string problem in ComputeDevice.DriverProblems) report.WriteLine(problem);
        report.WriteJson(json => Write(json, rows, chosen), cancellation);
    }

    private static Rate Measure(DeviceInfo device, CancellationToken cancellation)
    {
        try
        {
            using ComputeDevice opened = ComputeDevice.Open(device.Name);
            return new Rate(opened.MeasureCopyBandwidth(cancellation), null);
        }
        catch (Exception e) when (e is PlatformNotSupportedException or OutOfMemoryException or InvalidOperationException)
        {
            // One device that fails keeps no other from its row.
            return new Rate(double.NaN, e.Message);
        }
    }

    private static void Write(Utf8JsonWriter json, Row[] rows, DeviceInfo chosen)
    {
        json.WriteString("auto", chosen.Name);
        json.WriteStartArray("devices");
        foreach ((DeviceInfo device, Rate? copy) in rows)
        {
            json.WriteStartObject();
            json.WriteString("name", device.Name);
            json.WriteString("kind", device.Kind.ToString().ToLowerInvariant());
            json.WriteString("model", device.Model);
            json.WriteBoolean("gpu", device.IsGpu);
            json.WriteNumber("memoryBytes", device.MemoryBytes);
            if (copy is { Error: null }) json.WriteNumber("copyBytesPerSecond", copy.BytesPerSecond);
            if (copy is { Error: not null }) json.WriteString("copyError", copy.Error);
            if (device.Kind == DeviceKind.Cpu)
            {
                json.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());
                json.WriteNumber("cores", device.ComputeUnits);
                json.WriteStrings("simd", ComputeDevice.SupportedSimd.Select(Word));
                json.WriteString("autoSimd", Word(ComputeDevice.SupportedSimd[0]));
                json.WriteString("reason", SimdReason);
            }
            else
            {
                json.WriteNumber("computeUnits", device.ComputeUnits);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStrings("problems", ComputeDevice.DriverProblems);
    }

    private static string Code(DeviceInfo device) => device.Kind switch
    {
        DeviceKind.Cpu => string.Join(" ", ComputeDevice.SupportedSimd.Select(Word)),
        DeviceKind.Cuda => "PTX",
        _ => device.IsGpu ? "OpenCL C" : "OpenCL C (a processor)",
    };

    private static string Gigabytes(long bytes) => $"{(bytes / 1e9).ToString("0.0", CultureInfo.InvariantCulture)} GB";

    private static string Word(SimdLevel level) => level.ToString().ToLowerInvariant();

    private sealed record Row(DeviceInfo Device, Rate? Copy);

    private sealed record Rate(double BytesPerSecond, string? Error)
    {
        public override string ToString() => Error ?? $"{(BytesPerSecond / 1e9).ToString("0", CultureInfo.InvariantCulture)} GB/s";
    }
}
