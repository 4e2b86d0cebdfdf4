using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace GracefulKernels.Cli.Bench;

/// <summary>Where and when a run was made: the header of its JSON.</summary>
/// <param name="Cpu">What the processor, or the device that was measured, calls itself.</param>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="Os">Operating system.</param>
/// <param name="Runtime">.NET version.</param>
/// <param name="Date">UTC, ISO 8601.</param>
/// <param name="Commit">Commit of the build; null where it was built outside a repository.</param>
/// <param name="Ceilings">Measured in the same run, for each number of threads.</param>
internal sealed record MachineInfo(
    string Cpu, int Cores, string Os, string Runtime, string Date, string? Commit, IReadOnlyList<MachineCeilings> Ceilings)
{
    /// <param name="ceilings">Measured.</param>
    /// <param name="model">Of the device; null for the processor.</param>
    public static MachineInfo Here(IReadOnlyList<MachineCeilings> ceilings, string? model = null) => new(
        model ?? ComputeDevice.Default.Info.Model,
        Environment.ProcessorCount,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        CommitOfBuild(),
        ceilings);

    // The SDK appends "+commit" to the version.
    private static string? CommitOfBuild()
    {
        string? version = typeof(MachineInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        int plus = version?.IndexOf('+', StringComparison.Ordinal) ?? -1;
        return plus < 0 ? null : version![(plus + 1)..];
    }
}
