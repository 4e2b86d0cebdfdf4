using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace GracefulKernels.Tests;

/// <summary>
/// The Python module over the C library: each file <c>python/test_*.py</c> is a test here, run by Debian's python3 (<c>GRACEFUL_PYTHON</c> names another one) with NumPy and torch. Where Python or NumPy
/// is absent they skip, and those that need torch skip where it is, unless <c>GRACEFUL_REQUIRE_NATIVE=1</c> makes that a failure.
/// </summary>
[Collection(NativeTests.Name)]
public sealed partial class PythonTests(ITestOutputHelper output)
{
    private static readonly string[] Parts = ["dense", "golden", "header", "library", "losses", "network", "refusals", "training", "zero_copy"];

    private static readonly Lazy<string?> Found = new(FindInterpreter);

    private static string Folder => Path.Combine(NativeLibraryFolder.Repository, "tests", "GracefulKernels.Tests", "Native", "python");

    public static TheoryData<string> Files => [.. Parts.Select(p => $"test_{p}")];

    [Theory]
    [MemberData(nameof(Files))]
    public void Passes(string name)
    {
        string library = Path.Combine(NativeLibraryFolder.Get(), "lib"), python = Interpreter();
        using var folder = new TemporaryFolder();
        if (name == "test_network") WriteNetworks(folder);
        (int code, string text) = NativeProgram.Run(
            "env", [$"GRACEFUL_KERNELS={library}", $"GRACEFUL_TEST_NETWORKS={(string)folder}", python, "-B", "-m", "unittest", "discover", "-v", "-s", Folder, "-p", $"{name}.py"]);
        output.WriteLine(text);
        Assert.True(code == 0, text);
        int ran = Number(Ran().Match(text)), skipped = Number(Skipped().Match(text));
        Assert.True(ran + skipped > 0, $"No test ran: {text}");
        // A file or class that skips as a whole is not among those that ran, or is the one that did.
        if (ran <= skipped) Assert.Skip(text);
    }

    [Fact]
    public void EveryFileIsRun() => Assert.Equal(Files.Select(f => $"{f.Data}.py"), Directory.GetFiles(Folder, "test_*.py").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));

    /// <summary>A Python with NumPy; skips, or fails where the C library's tests are required, without one.</summary>
    internal static string Interpreter()
    {
        if (Found.Value is null) NativeLibraryFolder.Missing("python3 with NumPy is not here (Debian: apt-get install python3-numpy python3-torch; GRACEFUL_PYTHON names another interpreter).");
        return Found.Value!;
    }

    private static string? FindInterpreter()
    {
        // Debian's own before another one on the path: python3-numpy and python3-torch belong to it.
        string[] candidates = Environment.GetEnvironmentVariable("GRACEFUL_PYTHON") is { Length: > 0 } named ? [named] : ["/usr/bin/python3", "python3"];
        return candidates.FirstOrDefault(c => (File.Exists(c) || NativeLibraryFolder.OnPath(c)) && NativeProgram.Run(c, ["-c", "import numpy"]).Code == 0);
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

    private static int Number(Match match) => match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^Ran (\d+) tests? in", RegexOptions.Multiline)]
    private static partial Regex Ran();

    [GeneratedRegex(@"skipped=(\d+)")]
    private static partial Regex Skipped();
}
