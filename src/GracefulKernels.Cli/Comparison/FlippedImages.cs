using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.Comparison;

/// <summary>The images of the samples that are shown; of the file no others are read.</summary>
internal sealed class FlippedImages
{
    /// <summary>Larger images are made smaller: a page of two hundred is to stay a page.</summary>
    private const int Side = 96;

    private readonly Dictionary<long, string> _images = [];

    private FlippedImages()
    {
    }

    /// <summary>The image of a row, as a PNG in a <c>data:</c> address.</summary>
    public string this[long row] => _images[row];

    public int Count => _images.Count;

    /// <param name="images">File of the images, or a stretch of it.</param>
    /// <param name="rows">Rows of the compared files: there must be as many images.</param>
    /// <param name="layout">Of <c>.npy</c> files.</param>
    /// <param name="flips">The samples wanted.</param>
    /// <exception cref="InvalidDataException">The file holds something else than one image for each row.</exception>
    public static FlippedImages Read(FileRange images, long rows, FileLayout layout, FlippedSamples flips)
    {
        long[] wanted = [.. flips.Negative.Concat(flips.Positive).Select(f => f.Row).Order()];
        FlippedImages read = new();
        Images found = ImageFiles.ReadRows(images, rows, wanted, layout);
        for (int i = 0; i < wanted.Length; i++)
        {
            read._images[wanted[i]] = "data:image/png;base64," + Convert.ToBase64String(found.Tile(i, "").ToPng(Side));
        }
        return read;
    }
}
