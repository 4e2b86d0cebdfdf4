using System.Text.RegularExpressions;

namespace GracefulKernels.Tests;

/// <summary>The README's first C# block, pasted into a new project that has the package.</summary>
[Collection(PackagesCollection.Name)]
public sealed partial class InstalledExampleTests(PackedPackages packed)
{
    [Fact]
    public void TheReadmesFirstExampleRunsInANewProject()
    {
        Assert.SkipUnless(PackedPackages.HasSources, "the sources are not here");
        Match block = FirstExample().Match(File.ReadAllText(Path.Combine(PackedPackages.Root, "README.md")));
        Assert.True(block.Success, "README.md has no C# block");
        string printed = RunInNewProject("Example", block.Groups["code"].Value);
        Assert.NotEqual("", printed);
        // Where the README goes on with what the example prints, it prints that.
        if (block.Groups["output"].Success) Assert.Equal(block.Groups["output"].Value.Trim(), printed, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void AProjectCanLeaveOutTheGpuSet()
    {
        Assert.SkipUnless(PackedPackages.HasSources, "the sources are not here");
        string printed = RunInNewProject(
            "WithoutGpu",
            """
            using GracefulKernels;
            using ComputeDevice device = ComputeDevice.Open("auto", threads: 1);
            Console.WriteLine($"{device.Name} of {string.Join(", ", ComputeDevice.Available.Select(d => d.Name))}");
            try { ComputeDevice.Open("opencl"); } catch (PlatformNotSupportedException e) { Console.WriteLine(e.Message); }
            """,
            "-p:GracefulKernelsGpu=false");
        Assert.Equal("cpu of cpu\nThere is no device 'opencl'. Devices here: cpu. This program was built without the GPU set.", printed, ignoreLineEndingDifferences: true);
    }

    private string RunInNewProject(string name, string code, params string[] build)
    {
        string folder = Path.Combine(packed.Folder, name), output = Path.Combine(folder, "out");
        Dotnet.Run(packed.Folder, packed.Unpacked, "new", "console", "-o", folder, "--no-restore", "--no-update-check");
        Dotnet.Run(folder, packed.Unpacked, "add", "package", "GracefulKernels", "--version", packed.Version);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), code);
        Dotnet.Run(folder, packed.Unpacked, ["build", "--no-restore", "-warnaserror", "-o", output, .. build]);
        return Dotnet.Run(folder, packed.Unpacked, Path.Combine(output, $"{name}.dll")).Trim();
    }

    [GeneratedRegex("^```csharp\n(?<code>.*?)\n```$(\n+[^\n`]*\n+```(text)?\n(?<output>.*?)\n```$)?", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex FirstExample();
}
