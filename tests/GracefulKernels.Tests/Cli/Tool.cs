using System.Diagnostics;
using GracefulKernels.Cli;

namespace GracefulKernels.Tests;

/// <summary>Runs the tool, in this process or as its own.</summary>
internal static class Tool
{
    public static (int Code, string Output, string Error) Run(params string[] args) => Run(CancellationToken.None, args);

    public static (int Code, string Output, string Error) Run(CancellationToken cancellation, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CommandLine.RunAsync(args, new Terminal(output, error), cancellation).GetAwaiter().GetResult();
        return (code, output.ToString(), error.ToString());
    }

    public static Process Start(params string[] args)
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "graceful.dll"));
        foreach (string arg in args) start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }

    public static (int Code, string Output, string Error) RunProcess(params string[] args)
    {
        using Process process = Start(args);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            process.Kill();
            Assert.Fail($"graceful {string.Join(' ', args)} runs for more than a minute");
        }
        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>One line that begins with the tool's name, and no trace.</summary>
    public static void AssertOneLine(string error, string reason)
    {
        Assert.StartsWith("graceful: ", error);
        Assert.Equal(1, error.Count(c => c == '\n'));
        Assert.EndsWith("\n", error);
        Assert.DoesNotContain("   at ", error);
        Assert.Contains(reason, error);
    }
}
