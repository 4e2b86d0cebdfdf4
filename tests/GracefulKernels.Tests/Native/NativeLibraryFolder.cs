namespace GracefulKernels.Tests;

/// <summary>
/// The C library as <c>build.sh</c> makes it, once for all tests: in <c>GRACEFUL_NATIVE</c> where that names a folder, else beside the tests, where the next run finds it. Where it cannot be built because
/// a C compiler, the .NET SDK or the compiler to machine code is not to be had, tests skip and say so, unless <c>GRACEFUL_REQUIRE_NATIVE=1</c> makes that a failure.
/// </summary>
internal static class NativeLibraryFolder
{
    private static readonly Lazy<(string? Folder, string Problem)> Built = new(Build);

    /// <summary>The repository.</summary>
    public static string Repository { get; } = FindRepository();

    public static string Sources => Path.Combine(Repository, "src", "GracefulKernels.Native");

    public static string Compiler => Environment.GetEnvironmentVariable("CC") is { Length: > 0 } named ? named : OnPath("gcc") ? "gcc" : "clang";

    /// <summary>A folder with <c>lib</c> and <c>include</c>; skips the test where there is none.</summary>
    public static string Get()
    {
        (string? folder, string problem) = Built.Value;
        if (folder is null) Missing(problem);
        return folder!;
    }

    /// <summary>Skips, or fails where the tests of the C library are required.</summary>
    public static void Missing(string what)
    {
        Assert.False(Environment.GetEnvironmentVariable("GRACEFUL_REQUIRE_NATIVE") == "1", what);
        Assert.Skip(what);
    }

    public static bool OnPath(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static (string? Folder, string Problem) Build()
    {
        if (Environment.GetEnvironmentVariable("GRACEFUL_NATIVE") is { Length: > 0 } given)
        {
            return File.Exists(Path.Combine(given, "lib", "libgracefulkernels.so")) ? (Path.GetFullPath(given), "") : (null, $"GRACEFUL_NATIVE is {given}, which has no lib/libgracefulkernels.so.");
        }
        if (!OperatingSystem.IsLinux() || !OnPath("gcc") && !OnPath("clang")) return (null, "The C library is built on Linux by gcc or clang; they are not here.");
        string folder = Path.Combine(AppContext.BaseDirectory, "native");
        (int code, string output) = NativeProgram.Run("bash", [Path.Combine(Sources, "build.sh"), folder], TimeSpan.FromMinutes(10));
        if (code == 0) return (folder, "");
        // NuGet's words for a package that no source has, and for a source that is not there.
        if (output.Contains("NU1101") || output.Contains("NU1301") || output.Contains("dotnet is missing")) return (null, $"The C library cannot be built here: {output}");
        throw new InvalidOperationException($"build.sh ended with {code}: {output}");
    }

    private static string FindRepository()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "GracefulKernels.sln"))) return at.FullName;
        }
        throw new InvalidOperationException($"There is no GracefulKernels.sln above {AppContext.BaseDirectory}.");
    }
}
