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
        string folder = Path.Combine(packed.Folder, "Example");
        Dotnet.Run(packed.Folder, packed.Unpacked, "new", "console", "-o", folder, "--no-restore", "--no-update-check");
        Dotnet.Run(folder, packed.Unpacked, "add", "package", "GracefulKernels", "--version", packed.Version);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), block.Groups["code"].Value);
        Dotnet.Run(folder, packed.Unpacked, "build", "--no-restore", "-warnaserror", "-o", Path.Combine(folder, "out"));
        string printed = Dotnet.Run(folder, packed.Unpacked, Path.Combine(folder, "out", "Example.dll")).Trim();
        Assert.NotEqual("", printed);
        // Where the README goes on with what the example prints, it prints that.
        if (block.Groups["output"].Success) Assert.Equal(block.Groups["output"].Value.Trim(), printed, ignoreLineEndingDifferences: true);
    }

    [GeneratedRegex("^```csharp\n(?<code>.*?)\n```$(\n+[^\n`]*\n+```(text)?\n(?<output>.*?)\n```$)?", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex FirstExample();
}
