namespace GracefulKernels.Tests;

/// <summary>A folder for one test, removed behind it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("graceful-test-").FullName;

    public static implicit operator string(TemporaryFolder folder) => folder._path;

    public string File(string name) => System.IO.Path.Combine(_path, name);

    public string File(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public string[] Names() => [.. Directory.GetFileSystemEntries(_path).Select(f => System.IO.Path.GetFileName(f)).Order()];

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
