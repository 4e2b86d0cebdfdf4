using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>What a thread keeps of its position, and the element of the patch that it comes to next.</summary>
internal struct PatchWalk
{
    public int Element;

    public int Image;

    /// <summary>Line, and element in the line, of the first tap; a line outside of the image where there is no such position.</summary>
    public int Y, X;
}

/// <summary>
/// Patches as rows: A of a convolution, and of its transpose. Inner steps are the elements of a patch. A thread has the same position all the time, and finds
/// the tap of each element anew.
/// </summary>
/// <remarks>
/// Products and shifts for it, without a branch, are five instructions more than to carry from channels to taps and from taps to lines; the registers for that would
/// take the second group of a large tile from a multiprocessor.
/// </remarks>
internal struct PatchesAlong : ITileSource<PatchWalk>
{
    public ImagePatches Images;

    public readonly bool AlongInner => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PatchWalk Begin(int row, int inner)
    {
        int image = Images.PerImage.Quotient(row);
        int position = row - (image * Images.Positions);
        int line = Images.PerLine.Quotient(position), column = position - (line * Images.Across);
        return new()
        {
            Element = inner,
            Image = image,
            Y = row < Images.AllPositions ? (line * Images.StepY) + Images.StartY : ImagePatches.Outside,
            X = (column * Images.StepX) + Images.StartX,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref PatchWalk walk, int step)
    {
        Float4 quad = default;
        if (walk.Element < Images.Length)
        {
            int run = Images.PerRun.Quotient(walk.Element), within = walk.Element - (run * Images.RunLength);
            int tapLine = Images.PerTapLine.Quotient(run), across = run - (tapLine * Images.Runs);
            quad = Images.Quad(walk.Image, walk.Y + (tapLine * Images.TapY), walk.X + (across * Images.TapX) + within, walk.Element);
        }
        walk.Element += step;
        return quad;
    }
}
