using System.Diagnostics;

namespace GracefulKernels.Tests;

/// <summary>Runs programs as a user would from a shell of his own: nothing of the test run's build, language or package settings reaches them.</summary>
internal static class Dotnet
{
    /// <summary>Runs <c>dotnet</c> to its end, which must be 0.</summary>
    /// <returns>What it wrote.</returns>
    public static string Run(string folder, string? packages, params string[] arguments)
    {
        (int code, string output) = Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, packages, arguments);
        Assert.True(code == 0, $"dotnet {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    /// <param name="program">The file to run.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="packages">Where NuGet unpacks packages; null for the machine's own folder.</param>
    /// <param name="arguments">As on the command line.</param>
    /// <returns>Exit code, and both streams in one.</returns>
    public static (int Code, string Output) Start(string program, string folder, string? packages, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        start.Environment["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = start.Environment["DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE"] = "1";
        // Nothing stays behind: no build nodes, no compiler server.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        if (packages is not null) start.Environment["NUGET_PACKAGES"] = packages;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} runs for more than five minutes");
        }
        return (process.ExitCode, output.Result + error.Result);
    }
}
