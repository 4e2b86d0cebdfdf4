using System.Reflection;
using System.Xml.Linq;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>GracefulKernels: the API and the kernels in one package.</summary>
[Collection(PackagesCollection.Name)]
public sealed class LibraryPackageTests(PackedPackages packed)
{
    private const string Api = "lib/net10.0/GracefulKernels.dll", Kernels = "lib/net10.0/GracefulKernels.Kernels.dll";

    [Fact]
    public void ItHoldsTheApiAndTheKernelsWithTheirDocs()
    {
        using PackageFile package = Open();
        package.AssertDescribed("GracefulKernels");
        Assert.Equal(
            ["LICENSE", "README.md", "buildTransitive/GracefulKernels.targets", Kernels, "lib/net10.0/GracefulKernels.Kernels.xml", Api, "lib/net10.0/GracefulKernels.xml"],
            package.Files);
        Assert.Contains("M:GracefulKernels.FlipCounts.FromLogits(", package.Text("lib/net10.0/GracefulKernels.xml"));
        Assert.Contains("T:GracefulKernels.Kernels.IKernels", package.Text("lib/net10.0/GracefulKernels.Kernels.xml"));
    }

    [Fact]
    public void ItsAssembliesAreThoseThatTheseTestsTest()
    {
        using PackageFile package = Open();
        Assert.Equal(Identity(typeof(FlipCounts).Assembly), package.Identity(Api));
        Assert.Equal(Identity(typeof(IKernels).Assembly), package.Identity(Kernels));
    }

    [Fact]
    public void ItDependsOnWhatItCallsAndNotOnWhatBuildsIt()
    {
        using PackageFile package = Open();
        XElement[] versions = [.. XDocument.Load(Path.Combine(PackedPackages.Root, "Directory.Packages.props")).Descendants("PackageVersion")];
        IEnumerable<XElement> asked = new[] { "src/GracefulKernels/GracefulKernels.csproj", "kernels/GracefulKernels.Kernels/GracefulKernels.Kernels.csproj" }
            .SelectMany(p => XDocument.Load(Path.Combine(PackedPackages.Root, p)).Descendants("PackageReference"));
        string[] expected = [.. asked.Where(r => r.Attribute("PrivateAssets") is null).Select(r => r.Attribute("Include")!.Value).Distinct().Select(Versioned).Order(StringComparer.Ordinal)];
        Assert.Equal(expected, package.Dependencies);
        Assert.Contains(Versioned("ILGPU"), expected);
        Assert.Contains(Versioned("Google.Protobuf"), expected);
        Assert.DoesNotContain(Versioned("Grpc.Tools"), expected);

        string Versioned(string id) => $"{id} {versions.Single(v => v.Attribute("Include")!.Value == id).Attribute("Version")!.Value}";
    }

    [Fact]
    public void ItsSymbolsAreItsAssemblies()
    {
        using PackageFile package = Open(), symbols = packed.Open("GracefulKernels", "snupkg");
        Assert.Equal("SymbolsPackage", symbols.Element("packageTypes")!.Elements().Single().Attribute("name")!.Value);
        foreach (string assembly in new[] { Api, Kernels })
        {
            (Guid identity, IReadOnlyList<string> sources) = symbols.Symbols(Path.ChangeExtension(assembly, "pdb"));
            Assert.Equal(package.SymbolsOf(assembly), identity);
            // Paths from the root of the repository: the same bytes wherever it lies. A Debug build keeps its own.
            if (PackedPackages.BuiltAs == "Release") Assert.All(sources, s => Assert.StartsWith("/_/", s));
        }
    }

    private static Guid Identity(Assembly assembly) => assembly.ManifestModule.ModuleVersionId;

    private PackageFile Open()
    {
        Assert.SkipUnless(PackedPackages.HasSources, "the sources are not here");
        return packed.Open("GracefulKernels");
    }
}
