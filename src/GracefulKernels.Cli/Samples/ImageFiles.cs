namespace GracefulKernels.Cli.Samples;

/// <summary>Order of the dimensions of a <c>.npy</c> file of images.</summary>
internal enum FileLayout
{
    /// <summary>The one that the network's input fits.</summary>
    Auto,
    Nhwc,
    Nchw,
}

/// <summary>Images from files of four kinds, told apart by their first bytes: <c>.npy</c>, IDX (also gzipped), and PNG strips with one image a row.</summary>
internal static class ImageFiles
{
    /// <summary>Reads the rows that <paramref name="range"/> names.</summary>
    /// <param name="range">File and rows.</param>
    /// <param name="input">What the network takes: decides what a file leaves open.</param>
    /// <param name="layout">Of <c>.npy</c> files.</param>
    /// <exception cref="InvalidDataException">The file is of no known kind, damaged, or holds something else than images.</exception>
    public static Images Read(FileRange range, LayerShape input, FileLayout layout) => Kind(range.Path) switch
    {
        FileKind.Npy => NpyImages.Read(range, input, layout),
        FileKind.Idx => IdxFile.ReadImages(range),
        FileKind.Png => PngStrip.Read(range, input),
        _ => throw Unknown(range.Path, ".npy, IDX (.gz or not) or PNG"),
    };

    /// <summary>Reads only some images of a file.</summary>
    /// <param name="range">File, and the stretch of it in which rows are counted.</param>
    /// <param name="count">The images that the stretch must have.</param>
    /// <param name="rows">The images wanted, ascending; none checks the file alone, and what comes back then says nothing more.</param>
    /// <param name="layout">Of <c>.npy</c> files.</param>
    /// <returns>The images of <paramref name="rows"/>, in their order.</returns>
    /// <exception cref="InvalidDataException">The file is of no known kind, damaged, holds something else than images, or has another number of them.</exception>
    public static Images ReadRows(FileRange range, long count, ReadOnlySpan<long> rows, FileLayout layout) => Kind(range.Path) switch
    {
        FileKind.Npy => NpyImages.ReadRows(range, count, rows, layout),
        FileKind.Idx => IdxFile.ReadImageRows(range, count, rows),
        FileKind.Png => PngStrip.ReadRows(range, count, rows),
        _ => throw Unknown(range.Path, ".npy, IDX (.gz or not) or PNG"),
    };

    /// <summary>Reads labels: integers from <c>.npy</c>, IDX or a JSON array.</summary>
    /// <exception cref="InvalidDataException">The file is of no known kind, damaged, or holds something else than labels.</exception>
    public static int[] ReadLabels(FileRange range) => Kind(range.Path) switch
    {
        FileKind.Npy => LabelFiles.ReadNpy(range),
        FileKind.Idx => IdxFile.ReadLabels(range),
        FileKind.Json => LabelFiles.ReadJson(range),
        _ => throw Unknown(range.Path, ".npy, IDX (.gz or not) or JSON"),
    };

    private static InvalidDataException Unknown(string path, string expected) => new($"{path}: found a file of another kind; expected {expected}.");

    private static FileKind Kind(string path)
    {
        using InputFile file = InputFile.Open(path, "a data file");
        Span<byte> start = stackalloc byte[(int)Math.Min(8, file.Length)];
        file.Read(0, start);
        if (start.StartsWith<byte>([0x93, (byte)'N', (byte)'U', (byte)'M'])) return FileKind.Npy;
        if (start.StartsWith<byte>([0x1F, 0x8B]) || (start.Length >= 4 && start[0] == 0 && start[1] == 0 && start[2] is >= 8 and <= 14)) return FileKind.Idx;
        if (start.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G'])) return FileKind.Png;
        return start.TrimStart(" \t\r\n"u8).StartsWith("["u8) ? FileKind.Json : FileKind.Unknown;
    }

    private enum FileKind
    {
        Unknown,
        Npy,
        Idx,
        Png,
        Json,
    }
}
