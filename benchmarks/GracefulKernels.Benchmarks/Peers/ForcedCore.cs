using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using GracefulKernels.Cli.Bench;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>OpenBLAS beside ours, in a process whose environment says which core it takes, and nothing else about it.</summary>
internal static class ForcedCore
{
    /// <summary>No core is forced.</summary>
    private const string Auto = "auto";

    private const string Variable = "OPENBLAS_CORETYPE";

    /// <summary>What it finds by itself, its AVX-512 kernels where they run, and what the shell asks for.</summary>
    public static string[] Defaults
    {
        get
        {
            List<string> cores = [Auto];
            if (Avx512F.IsSupported) cores.Add("SKYLAKEX");
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } asked) cores.Add(asked);
            return [.. cores.Distinct(StringComparer.OrdinalIgnoreCase)];
        }
    }

    /// <summary>The child's rows; null where it failed, with a note that says how.</summary>
    public static BenchReport<PeerRow>? Run(string core, BenchOptions options, List<string> notes)
    {
        string json = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardError = true, RedirectStandardOutput = true };
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(ForcedCore).Assembly.Location);
            foreach (string argument in new[] { "peers", "--openblas-only", "--threads", string.Join(',', options.Threads), "--json", json })
            {
                start.ArgumentList.Add(argument);
            }
            if (options.Quick) start.ArgumentList.Add("--quick");
            if (options.Filter is string filter)
            {
                start.ArgumentList.Add("--filter");
                start.ArgumentList.Add(filter);
            }
            // A core, block sizes or threads that the shell sets would be measured in its place.
            foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("OPENBLAS_", StringComparison.Ordinal)).ToList())
            {
                start.Environment.Remove(name);
            }
            if (core != Auto) start.Environment[Variable] = core;
            using Process child = Process.Start(start) ?? throw new IOException("The process for OpenBLAS does not start.");
            Task<string> output = child.StandardOutput.ReadToEndAsync(), error = child.StandardError.ReadToEndAsync();
            child.WaitForExit();
            notes.AddRange(output.Result.Split('\n').Where(l => l.StartsWith("openblas", StringComparison.Ordinal)).Select(l => l.Trim()));
            if (child.ExitCode == 0) return BenchReport<PeerRow>.Read(json);
            notes.Add($"OpenBLAS as {core}: the process ended with {child.ExitCode}. {error.Result.Trim()}");
            return null;
        }
        finally
        {
            File.Delete(json);
        }
    }
}
