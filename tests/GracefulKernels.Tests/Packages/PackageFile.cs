using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;

namespace GracefulKernels.Tests;

/// <summary>A package, read.</summary>
internal sealed class PackageFile : IDisposable
{
    private readonly ZipArchive _zip;

    public PackageFile(string path)
    {
        _zip = ZipFile.OpenRead(path);
        Specification = XDocument.Parse(Text(Names.Single(n => n.EndsWith(".nuspec", StringComparison.Ordinal)))).Root!.Elements().Single();
    }

    /// <summary>The <c>metadata</c> of its nuspec.</summary>
    public XElement Specification { get; }

    /// <summary>Its files, without those of the package format itself.</summary>
    public IReadOnlyList<string> Files =>
        [.. Names.Where(n => !n.StartsWith("_rels/", StringComparison.Ordinal) && !n.StartsWith("package/", StringComparison.Ordinal) && n != "[Content_Types].xml" && !n.EndsWith(".nuspec", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>What it depends on, as <c>id version</c>.</summary>
    public IReadOnlyList<string> Dependencies =>
        [.. Specification.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => $"{e.Attribute("id")!.Value} {e.Attribute("version")!.Value}").Order(StringComparer.Ordinal)];

    private IEnumerable<string> Names => _zip.Entries.Select(e => e.FullName);

    /// <summary>An element of the nuspec, or null.</summary>
    public XElement? Element(string name) => Specification.Elements().SingleOrDefault(e => e.Name.LocalName == name);

    public byte[] Bytes(string name)
    {
        using Stream stream = (_zip.GetEntry(name) ?? throw new FileNotFoundException($"The package has no {name}.")).Open();
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    public string Text(string name) => Encoding.UTF8.GetString(Bytes(name)).TrimStart('\uFEFF');

    /// <summary>The identity that the compiler gave an assembly: of its sources, and of nothing else.</summary>
    public Guid Identity(string assembly)
    {
        using PEReader reader = new(new MemoryStream(Bytes(assembly)));
        MetadataReader metadata = reader.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }

    /// <summary>The identity of the symbols that an assembly asks for.</summary>
    public Guid SymbolsOf(string assembly)
    {
        using PEReader reader = new(new MemoryStream(Bytes(assembly)));
        return reader.ReadCodeViewDebugDirectoryData(reader.ReadDebugDirectory().Single(d => d.Type == DebugDirectoryEntryType.CodeView)).Guid;
    }

    /// <summary>The identity of symbols, and the sources they name.</summary>
    public (Guid Identity, IReadOnlyList<string> Sources) Symbols(string name)
    {
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(Bytes(name)));
        MetadataReader reader = provider.GetMetadataReader();
        return (new BlobContentId(reader.DebugMetadataHeader!.Id).Guid, [.. reader.Documents.Select(d => reader.GetString(reader.GetDocument(d).Name))]);
    }

    public void Dispose() => _zip.Dispose();

    /// <summary>What every package of ours says of itself.</summary>
    public void AssertDescribed(string id)
    {
        Assert.Equal(id, Element("id")!.Value);
        Assert.Equal("MIT", Element("license")!.Value);
        Assert.Equal("expression", Element("license")!.Attribute("type")!.Value);
        Assert.Equal("README.md", Element("readme")!.Value);
        Assert.Equal(File.ReadAllBytes(Path.Combine(PackedPackages.Root, "README.md")), Bytes("README.md"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(PackedPackages.Root, "LICENSE")), Bytes("LICENSE"));
        Assert.Contains("lqf", Element("tags")!.Value.Split(' '));
        Assert.True(Element("description")!.Value.Length > 40);
        Assert.NotEqual("", Element("authors")!.Value);
        // A host is named only where git knows one, and never a folder of the machine that packed.
        string? url = Element("repository")?.Attribute("url")?.Value;
        Assert.True(url is null || url.StartsWith("https://", StringComparison.Ordinal), url);
    }
}
