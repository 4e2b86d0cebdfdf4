using System.Xml.Linq;
using GracefulKernels.Cli;

namespace GracefulKernels.Tests;

/// <summary>GracefulKernels.Tool: <c>dotnet tool install</c> gives <c>graceful</c>.</summary>
[Collection(PackagesCollection.Name)]
public sealed class ToolPackageTests(PackedPackages packed)
{
    private const string Folder = "tools/net10.0/any/";

    [Fact]
    public void ItIsTheToolOfTheseTests()
    {
        Assert.SkipUnless(PackedPackages.HasSources, "the sources are not here");
        using PackageFile package = packed.Open("GracefulKernels.Tool"), symbols = packed.Open("GracefulKernels.Tool", "snupkg");
        package.AssertDescribed("GracefulKernels.Tool");
        Assert.Equal("DotnetTool", package.Element("packageTypes")!.Elements().Single().Attribute("name")!.Value);
        Assert.Empty(package.Dependencies);
        XElement command = XDocument.Parse(package.Text($"{Folder}DotnetToolSettings.xml")).Descendants("Command").Single();
        Assert.Equal(("graceful", "graceful.dll"), (command.Attribute("Name")!.Value, command.Attribute("EntryPoint")!.Value));
        Assert.Equal(typeof(CommandLine).Assembly.ManifestModule.ModuleVersionId, package.Identity($"{Folder}graceful.dll"));
        Assert.Equal(typeof(FlipCounts).Assembly.ManifestModule.ModuleVersionId, package.Identity($"{Folder}GracefulKernels.dll"));
        Assert.Equal(package.SymbolsOf($"{Folder}graceful.dll"), symbols.Symbols($"{Folder}graceful.pdb").Identity);
        // The drawing library's binaries, one folder a platform, and none of their symbols.
        Assert.Equal(
            ["linux-arm64", "linux-musl-x64", "linux-x64", "osx", "win-arm64", "win-x64"],
            package.Files.Where(f => f.StartsWith($"{Folder}runtimes/", StringComparison.Ordinal)).Select(f => f.Split('/')[4]).Distinct());
        Assert.DoesNotContain(package.Files, f => f.EndsWith(".pdb", StringComparison.Ordinal) && f.Contains("/native/", StringComparison.Ordinal));
    }

    [Fact]
    public void ItInstallsAndRuns()
    {
        Assert.SkipUnless(PackedPackages.HasSources, "the sources are not here");
        string tools = Path.Combine(packed.Folder, "tools");
        Dotnet.Run(packed.Folder, packed.Unpacked, "tool", "install", "GracefulKernels.Tool", "--tool-path", tools, "--version", packed.Version, "--configfile", packed.Configuration);
        string graceful = Path.Combine(tools, OperatingSystem.IsWindows() ? "graceful.exe" : "graceful");
        (int code, string help) = Dotnet.Start(graceful, packed.Folder, null, "--help");
        Assert.True(code == 0, help);
        Assert.All(new[] { "finetune", "explain", "demo", "compare", "compat", "devices", "bench" }, c => Assert.Contains(c, help));
        (code, string devices) = Dotnet.Start(graceful, packed.Folder, null, "devices");
        Assert.True(code == 0, devices);
        Assert.Contains("cpu", devices);
        Npy("old.npy", [0, 1, 2, 2]);
        Npy("new.npy", [0, 0, 2, 2]);
        Npy("labels.npy", [0, 1, 2, 1]);
        (code, string compared) = Dotnet.Start(graceful, packed.Folder, null, "compare", "--old", "old.npy", "--new", "new.npy", "--labels", "labels.npy", "--out", "compared");
        Assert.True(code == 0, compared);
        // Drawn by the drawing library's binary, which was found where the tool lies.
        Assert.Equal("PNG"u8, File.ReadAllBytes(Path.Combine(packed.Folder, "compared", "flips.png")).AsSpan(1, 3));
        Assert.Contains("</html>", File.ReadAllText(Path.Combine(packed.Folder, "compared", "report.html")));

        void Npy(string name, int[] values) => File.WriteAllBytes(
            Path.Combine(packed.Folder, name), NpyBytes.Make(NpyBytes.Header("<i4", $"({values.Length},)"), [.. values.SelectMany(BitConverter.GetBytes)]));
    }
}
