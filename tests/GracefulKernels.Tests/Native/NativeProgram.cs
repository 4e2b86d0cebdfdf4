using System.Diagnostics;

namespace GracefulKernels.Tests;

/// <summary>A C program of these tests, built as a C programmer would: <c>-std=c99 -Wall -Wextra -Werror</c>, linked with <c>-lgracefulkernels</c>.</summary>
internal sealed class NativeProgram : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _program;

    /// <param name="name">Of the source, without <c>.c</c>.</param>
    public NativeProgram(string name)
    {
        string library = NativeLibraryFolder.Get(), here = Path.Combine(NativeLibraryFolder.Repository, "tests", "GracefulKernels.Tests", "Native");
        _program = _folder.File(name);
        string[] options =
        [
            "-std=c99", "-O1", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", Path.Combine(here, $"{name}.c"), "-o", _program, "-I", here, "-I", Path.Combine(library, "include"),
            "-L", Path.Combine(library, "lib"), "-lgracefulkernels", "-lm", $"-Wl,-rpath,{Path.Combine(library, "lib")}",
        ];
        (int code, string output) = Run(NativeLibraryFolder.Compiler, options);
        Assert.True(code == 0, output);
    }

    /// <summary>Runs it; it must end with 0. Returns what it printed.</summary>
    public string Execute(params string[] arguments) => Check(_program, arguments);

    /// <summary>Runs it on the file of that level (<c>v3</c>, <c>v4</c>).</summary>
    public string ExecuteOn(string level, params string[] arguments) => Check("env", [$"GRACEFUL_LEVEL={level}", _program, .. arguments]);

    /// <summary>
    /// Runs it under memcheck: no invalid access, no use of what was never set, no leak. valgrind 3 has no AVX-512, so the front takes v3. Blocks that are "possibly lost", found only through addresses
    /// inside them, are left out: the runtime of .NET keeps its own that way (threads' tables, bookkeeping of its heap) until the process ends.
    /// </summary>
    public string ExecuteUnderMemcheck(params string[] arguments)
    {
        if (!NativeLibraryFolder.OnPath("valgrind")) NativeLibraryFolder.Missing("valgrind is not here.");
        const string Kinds = "definite,indirect";
        return Check("valgrind", ["-q", "--error-exitcode=9", "--leak-check=full", $"--show-leak-kinds={Kinds}", $"--errors-for-leak-kinds={Kinds}", _program, .. arguments]);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Runs a program to its end; what it printed on both streams. One that goes on is killed and fails the test.</summary>
    public static (int Code, string Output) Run(string program, IEnumerable<string> arguments, TimeSpan? limit = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // What a build that runs these tests keeps for its own children.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(name);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        TimeSpan most = limit ?? TimeSpan.FromMinutes(3);
        if (!process.WaitForExit(most))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} ran for longer than {most}.");
        }
        return (process.ExitCode, output.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult());
    }

    private static string Check(string program, string[] arguments)
    {
        (int code, string output) = Run(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}: {output}");
        return output;
    }
}
