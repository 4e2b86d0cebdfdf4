using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>What a thread keeps of its elements of a patch, and the position that it comes to next.</summary>
internal struct PatchElementWalk
{
    public int Position;

    /// <summary>The first element of the patch.</summary>
    public int Element;

    /// <summary>Its place in the line, and its line, at position (0, 0) of an image.</summary>
    public int X, Y;
}

/// <summary>
/// Patches as columns: inner steps are positions, rows are elements of the patch, for sums over positions. A thread has the same elements all the
/// time and finds the image and the place of each position anew.
/// </summary>
internal struct PatchesAcross : ITileSource<PatchElementWalk>
{
    public ImagePatches Images;

    /// <summary>The position of inner step 0.</summary>
    public int First;

    /// <summary>The row that is 1 for every position, behind the patch: its length, or -1 for none.</summary>
    public int Ones;

    public readonly bool AlongInner => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PatchElementWalk Begin(int row, int inner)
    {
        int run = Images.PerRun.Quotient(row), within = row - (run * Images.RunLength);
        int tapLine = Images.PerTapLine.Quotient(run), across = run - (tapLine * Images.Runs);
        return new()
        {
            Position = First + inner,
            Element = row,
            X = Images.StartX + (across * Images.TapX) + within,
            Y = row < Images.Length ? Images.StartY + (tapLine * Images.TapY) : ImagePatches.Outside,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref PatchElementWalk walk, int step)
    {
        Float4 quad = default;
        if (walk.Position < Images.AllPositions)
        {
            int image = Images.PerImage.Quotient(walk.Position);
            int position = walk.Position - (image * Images.Positions);
            int line = Images.PerLine.Quotient(position), column = position - (line * Images.Across);
            int y = walk.Y + (line * Images.StepY), x = walk.X + (column * Images.StepX);
            quad = Images.Quad(image, y, x, walk.Element);
            // A quad that ends before the ones, or begins behind them, has none.
            int one = Ones - walk.Element;
            if (one == 0) quad.X = 1f;
            if (one == 1) quad.Y = 1f;
            if (one == 2) quad.Z = 1f;
            if (one == 3) quad.W = 1f;
        }
        walk.Position += step;
        return quad;
    }
}
