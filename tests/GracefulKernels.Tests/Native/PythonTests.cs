using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace GracefulKernels.Tests;

/// <summary>
/// The Python module over the C library: each file of <c>python/test_*.py</c> is a test here, run by Debian's python3 (GRACEFUL_PYTHON names another one) with NumPy and torch.
/// Where Python or NumPy is absent they skip, those that need torch skip where it is; GRACEFUL_REQUIRE_NATIVE=1 makes that a failure.
/// </summary>
public partial class PythonTests(ITestOutputHelper output)
{
    private static readonly string Folder = Path.Combine(Path.GetDirectoryName(Source())!, "python");

    /// <summary>The files' names; one row that skips where the sources are not here.</summary>
    public static TheoryData<string> Files
        => Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "test_*.py").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)] : ["none"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Python(string name)
    {
        Assert.SkipUnless(Directory.Exists(Folder), "the sources are not here");
        string library = NativeLibrary.Folder(TestContext.Current.CancellationToken);
        string python = await Interpreter();
        using var folder = new TemporaryFolder();
        if (name == "test_network") WriteNetworks(folder);
        (int code, string text) = await Run(python, ["-B", "-m", "unittest", "discover", "-v", "-s", ".", "-p", $"{name}.py"], ("GRACEFUL_KERNELS", Path.Combine(library, "lib")), ("GRACEFUL_TEST_NETWORKS", folder));
        output.WriteLine(text);
        Assert.True(code == 0, text);
        Match ran = Ran().Match(text), skipped = Skipped().Match(text);
        Assert.True(ran.Success, text);
        int tests = Number(ran), idle = skipped.Success ? Number(skipped) : 0;
        Assert.True(tests > 0 || skipped.Success, $"no test ran: {text}");
        // A whole file that skips counts as one that skipped and none that ran.
        if (tests - idle <= 0) Assert.Skip(text);
    }

    [Fact]
    public void EveryPartHasItsFile()
    {
        Assert.SkipUnless(Directory.Exists(Folder), "the sources are not here");
        string[] parts = ["dense", "golden", "header", "library", "losses", "network", "refusals", "training", "zero_copy"];
        Assert.Equal(parts.Select(p => $"test_{p}"), Files.Select(f => f.Data));
    }

    /// <summary>Small networks, images, and what the managed library predicts.</summary>
    private static void WriteNetworks(TemporaryFolder folder)
    {
        const int samples = 96;
        foreach (string name in (string[])["residual", "vector", "linear"])
        {
            (name == "linear" ? Linear() : RandomNetworks.Get(name, 3)).SaveOnnx(folder.File($"{name}.onnx"));
            Network read = Network.Load(folder.File($"{name}.onnx"));
            float[] images = RandomNetworks.Images(read, samples, 4);
            File.WriteAllBytes(folder.File($"{name}.images"), MemoryMarshal.AsBytes(images.AsSpan()).ToArray());
            File.WriteAllBytes(folder.File($"{name}.outputs"), MemoryMarshal.AsBytes(read.Predict(images, samples).AsSpan()).ToArray());
        }
    }

    private static Network Linear()
    {
        var b = new NetworkBuilder(13);
        return b.Build(b.Linear("fc", b.Input, 4)).WithRandomWeights(3);
    }

    /// <summary>A Python with NumPy; skips, or fails where it is required, without one.</summary>
    internal static async Task<string> Interpreter()
    {
        string? named = Environment.GetEnvironmentVariable("GRACEFUL_PYTHON");
        // Debian's own before whatever else is on the path: python3-numpy and python3-torch belong to it.
        foreach (string python in named is { Length: > 0 } ? [named] : (string[])["/usr/bin/python3", "python3"])
        {
            try
            {
                if ((await Run(python, ["-c", "import numpy"])).Code == 0) return python;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // There is no such program.
            }
        }
        const string missing = "python3 with NumPy is not here (Debian: apt-get install python3-numpy python3-torch; GRACEFUL_PYTHON names another interpreter)";
        Assert.False(Environment.GetEnvironmentVariable("GRACEFUL_REQUIRE_NATIVE") == "1", missing);
        Assert.Skip(missing);
        return "";
    }

    /// <summary>The exit code, and all that was printed.</summary>
    internal static async Task<(int Code, string Text)> Run(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Directory.Exists(Folder) ? Folder : Path.GetTempPath(),
        };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(4));
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> printed = process.StandardOutput.ReadToEndAsync(limit.Token), errors = process.StandardError.ReadToEndAsync(limit.Token);
            string text = await printed + await errors;
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, text);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static int Number(Match match) => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    private static string Source([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^Ran (\d+) tests? in", RegexOptions.Multiline)]
    private static partial Regex Ran();

    [GeneratedRegex(@"skipped=(\d+)")]
    private static partial Regex Skipped();
}
