namespace GracefulKernels.Cli.Samples;

/// <summary>Small files of text: class maps, names, labels.</summary>
internal static class TextFile
{
    /// <param name="path">A file, or a pipe.</param>
    /// <param name="expected">What it should hold, for messages.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is a folder.</exception>
    public static FileStream Open(string path, string expected)
    {
        if (Directory.Exists(path)) throw new InvalidDataException($"{path}: found a folder; expected {expected}.");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: there is no such file; expected {expected}.", path);
        return File.OpenRead(path);
    }
}
