using System.Runtime.CompilerServices;

namespace GracefulKernels.Tests;

/// <summary>
/// The packages of what this test run has built, in a folder that is a feed. Their version is of this run alone, so that no package of another one can stand in for
/// them, and NuGet unpacks them into a folder of this run; all that they depend on lies where the machine unpacked it for these tests.
/// </summary>
public sealed class PackedPackages : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PackedPackages()
    {
        if (!HasSources) return;
        Feed = Directory.CreateDirectory(_folder.File("feed")).FullName;
        Unpacked = _folder.File("unpacked");
        Parallel.Invoke(() => Pack("src/GracefulKernels"), () => Pack("src/GracefulKernels.Cli", $"-p:PublishDir={_folder.File("publish")}/"));
        string cache = Dotnet.Run(_folder, null, "nuget", "locals", "global-packages", "--list", "--force-english-output").Split(": ", 2)[1].Trim();
        File.WriteAllText(Configuration, $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{Feed}" /></packageSources>
              <packageSourceMapping><clear /></packageSourceMapping>
              <fallbackPackageFolders><clear /><add key="machine" value="{cache}" /></fallbackPackageFolders>
            </configuration>
            """);
    }

    /// <summary>The root of the sources that these tests were built from.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", ".."));

    /// <summary>Whether they are still there.</summary>
    public static bool HasSources => File.Exists(Here());

    /// <summary>As of this build: Release or Debug.</summary>
    public static string BuiltAs { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public string Version { get; } = $"0.0.0-test.{Guid.NewGuid():N}";

    public string Folder => _folder;

    public string Feed { get; } = "";

    public string Unpacked { get; } = "";

    public string Configuration => _folder.File("nuget.config");

    internal PackageFile Open(string id, string extension = "nupkg") => new(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    public void Dispose() => _folder.Dispose();

    private static string Here([CallerFilePath] string path = "") => path;

    private void Pack(string project, params string[] more)
        => Dotnet.Run(Root, null, ["pack", project, "-c", BuiltAs, "--no-build", "-o", Feed, $"-p:PackageVersion={Version}", .. more]);
}

/// <summary>The classes that share one packing.</summary>
[CollectionDefinition(Name)]
public sealed class PackagesCollection : ICollectionFixture<PackedPackages>
{
    public const string Name = "packages";
}
