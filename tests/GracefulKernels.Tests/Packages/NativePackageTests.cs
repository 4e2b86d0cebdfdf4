namespace GracefulKernels.Tests;

/// <summary>GracefulKernels.Native: what the C library's build leaves in a folder, and a refusal where it left too little.</summary>
[Collection(PackagesCollection.Name)]
public sealed class NativePackageTests(PackedPackages packed)
{
    private const string Project = "src/GracefulKernels.Native.Package";

    private static readonly string[] Made =
        ["include/graceful_kernels.h", "lib/libgracefulkernels-v3.so", "lib/libgracefulkernels-v4.so", "lib/libgracefulkernels.so", "python/graceful_kernels.py"];

    [Fact]
    public void ItHoldsTheLibraryTheHeaderAndThePythonFile()
    {
        Assert.SkipUnless(PackedPackages.HasSources, "the sources are not here");
        string artifacts = Artifacts([.. Made, "lib/.stamp", "build.log"]);
        (int code, string output) = Pack($"-p:NativeArtifacts={artifacts}");
        Assert.True(code == 0, output);
        using PackageFile package = packed.Open("GracefulKernels.Native");
        package.AssertDescribed("GracefulKernels.Native");
        Assert.Equal(
            ["LICENSE", "README.md", .. Made.Select(f => f.Replace("lib/", "runtimes/linux-x64/native/")).Order(StringComparer.Ordinal)],
            package.Files);
        Assert.Equal("lib/libgracefulkernels.so", package.Text("runtimes/linux-x64/native/libgracefulkernels.so"));
        Assert.Empty(package.Dependencies);
    }

    [Theory]
    [InlineData("lib/libgracefulkernels-v4.so")]
    [InlineData("include/graceful_kernels.h")]
    [InlineData("python/graceful_kernels.py")]
    public void AFolderThatLacksAFileIsRefused(string missing)
    {
        Assert.SkipUnless(PackedPackages.HasSources, "the sources are not here");
        string artifacts = Artifacts([.. Made.Where(f => f != missing)]);
        (int code, string output) = Pack($"-p:NativeArtifacts={artifacts}");
        Assert.True(code != 0, output);
        Assert.Contains($"lacks {missing}: there is no {artifacts}/{missing}", output);
    }

    [Fact]
    public void WithoutAFolderTheLibraryIsBuilt()
    {
        Assert.SkipUnless(PackedPackages.HasSources && OperatingSystem.IsLinux(), "the sources are not here, or the library is not built here");
        string script = Path.Combine(packed.Folder, "build it.sh");
        File.WriteAllText(script, string.Join('\n', ["set -e", .. Made.Select(f => $"mkdir -p \"$1/{Path.GetDirectoryName(f)}\" && echo made by the script > \"$1/{f}\"")]));
        (int code, string output) = Pack($"-p:NativeBuild={script}");
        Assert.True(code == 0, output);
        using PackageFile package = packed.Open("GracefulKernels.Native");
        Assert.Equal("made by the script\n", package.Text("runtimes/linux-x64/native/libgracefulkernels-v4.so"));
    }

    /// <summary>A folder of files whose content is their name.</summary>
    private string Artifacts(params string[] files)
    {
        string folder = Path.Combine(packed.Folder, $"made-{Guid.NewGuid():N}");
        foreach (string file in files)
        {
            string path = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file);
        }
        return folder;
    }

    /// <summary>Builds outside the tree: the test run has not built this project.</summary>
    private (int Code, string Output) Pack(params string[] more) => Dotnet.Start(
        "dotnet",
        PackedPackages.Root,
        null,
        ["pack", Project, "-c", "Release", "-o", packed.Feed, "--artifacts-path", Path.Combine(packed.Folder, "native"), $"-p:PackageVersion={packed.Version}", .. more]);
}
