using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Which rows of a matrix the rows of a product are: those of every so many pixels of images, [images, lines, across] in the product. The default changes
/// nothing.
/// </summary>
internal struct RowMap
{
    public FastDivisor PerImage, PerLine;

    /// <summary>Rows of the product of one image, and of one line; no rows of a line: the map that changes nothing.</summary>
    public int Image, Across;

    /// <summary>The matrix's row of the first, and its steps from image to image, line to line, and along a line.</summary>
    public int First, ImageStep, LineStep, Step;

    public static RowMap Of(int lines, int across, int first, int imageStep, int lineStep, int step) => new()
    {
        PerImage = FastDivisor.Of(Math.Max(1, lines * across)),
        PerLine = FastDivisor.Of(Math.Max(1, across)),
        Image = lines * across,
        Across = across,
        First = first,
        ImageStep = imageStep,
        LineStep = lineStep,
        Step = step,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Of(int row)
    {
        if (Across == 0) return row;
        int image = PerImage.Quotient(row);
        int place = row - (image * Image);
        int line = PerLine.Quotient(place);
        return First + (image * ImageStep) + (line * LineStep) + ((place - (line * Across)) * Step);
    }
}
