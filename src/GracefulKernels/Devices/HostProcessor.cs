using System.Runtime.InteropServices;

namespace GracefulKernels;

/// <summary>What is known of the processor that this process runs on.</summary>
internal static class HostProcessor
{
    private static readonly Lazy<DeviceInfo> Here = new(
        () => new DeviceInfo("cpu", DeviceKind.Cpu, Model(), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Environment.ProcessorCount, IsGpu: false));

    public static DeviceInfo Info => Here.Value;

    private static string Model()
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
