using System.Text.RegularExpressions;

namespace GracefulKernels.Tests;

/// <summary>Header, list of the front, exported names of the three files and the files' sizes.</summary>
[Collection(NativeTests.Name)]
public sealed partial class NativeExportsTests
{
    /// <summary>What the front answers for itself.</summary>
    private static readonly string[] OfTheFront = ["gk_abi_version", "gk_last_error", "gk_status_name", "gk_version"];

    [Fact]
    public void HeaderListAndExportsAgree()
    {
        string header = File.ReadAllText(Path.Combine(NativeLibraryFolder.Get(), "include", "graceful_kernels.h"));
        string[] declared = [.. Declaration().Matches(header).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)];
        string[] listed = [.. Listed().Matches(File.ReadAllText(Path.Combine(NativeLibraryFolder.Sources, "front", "functions.inc"))).Select(m => m.Groups[1].Value)];
        Assert.True(declared.Length > 40, $"{declared.Length} functions found in the header");
        Assert.Equal(declared, listed.Concat(OfTheFront).Order(StringComparer.Ordinal));
        Assert.Equal(declared, Exports("libgracefulkernels.so"));
        foreach (string level in (string[])["v4", "v3"])
        {
            // Beside its own a level has what the compiler to machine code adds to every library.
            string[] exported = [.. Exports($"libgracefulkernels-{level}.so").Where(n => n.StartsWith("gk_", StringComparison.Ordinal))];
            Assert.Equal(declared.Except(["gk_status_name"]), exported);
        }
    }

    [Theory]
    [InlineData("libgracefulkernels.so")]
    [InlineData("libgracefulkernels-v4.so")]
    [InlineData("libgracefulkernels-v3.so")]
    public void IsSmallerThanEightMegabytes(string file)
        => Assert.InRange(new FileInfo(Path.Combine(NativeLibraryFolder.Get(), "lib", file)).Length, 1, 7_999_999);

    [Fact]
    public void NeedsNothingButTheSystem()
    {
        foreach (string file in (string[])["libgracefulkernels.so", "libgracefulkernels-v4.so", "libgracefulkernels-v3.so"])
        {
            (int code, string output) = NativeProgram.Run("readelf", ["-d", Path.Combine(NativeLibraryFolder.Get(), "lib", file)]);
            Assert.Equal(0, code);
            Assert.All(
                Needed().Matches(output).Select(m => m.Groups[1].Value),
                name => Assert.Contains(name.Split('.')[0], (string[])["libc", "libm", "libdl", "libpthread", "librt", "ld-linux-x86-64"]));
        }
    }

    private static string[] Exports(string file)
    {
        (int code, string output) = NativeProgram.Run("nm", ["-D", "--defined-only", Path.Combine(NativeLibraryFolder.Get(), "lib", file)]);
        Assert.Equal(0, code);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[^1].Split('@')[0]).Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"^GK_API [^;(]*?\*?\b(gk_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^GK_FUNCTION\((\w+)\)", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [GeneratedRegex(@"\(NEEDED\).*\[(.+)\]")]
    private static partial Regex Needed();
}
