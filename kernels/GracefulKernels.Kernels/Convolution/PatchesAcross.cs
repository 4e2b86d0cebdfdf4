using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>What a thread keeps of its elements of a patch, and the position that it comes to next.</summary>
internal struct PatchElementWalk
{
    public int Position;

    /// <summary>Element in the line, and line, of the first tap's place at position (0, 0) of an image.</summary>
    public int X, Y;

    /// <summary>Elements to the end of the run, and runs to the end of the line of taps.</summary>
    public int Run, Runs;

    /// <summary>Elements to the end of the patch.</summary>
    public int Left;
}

/// <summary>
/// Patches as columns: inner steps are positions, rows are elements of the patch, for sums over positions. A thread has the same elements all the
/// time and finds the image and the place of each position anew, by products and shifts: that takes fewer registers than to carry from lines to images, and
/// no more instructions.
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
            X = Images.StartX + (across * Images.TapX) + within,
            Y = row < Images.Length ? Images.StartY + (tapLine * Images.TapY) : ImagePatches.Outside,
            Run = Images.RunLength - within,
            Runs = Images.Runs - across,
            Left = Images.Length - row,
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
            if (Images.Quads != 0)
            {
                if (Images.IsInside(y, x)) quad = Images.Values.Cast<Float4>()[Images.Offset(image, y, x) >> 2];
            }
            else
            {
                int run = walk.Run, runs = walk.Runs;
                quad.X = Element(image, y, x);
                Advance(ref y, ref x, ref run, ref runs);
                if (walk.Left > 1) quad.Y = Element(image, y, x);
                Advance(ref y, ref x, ref run, ref runs);
                if (walk.Left > 2) quad.Z = Element(image, y, x);
                Advance(ref y, ref x, ref run, ref runs);
                if (walk.Left > 3) quad.W = Element(image, y, x);
            }
            if (Ones >= 0 && walk.Left < 4)
            {
                if (walk.Left == 0) quad.X = 1f;
                if (walk.Left == 1) quad.Y = 1f;
                if (walk.Left == 2) quad.Z = 1f;
                if (walk.Left == 3) quad.W = 1f;
            }
        }
        walk.Position += step;
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Element(int image, int y, int x)
    {
        float value = 0f;
        if (Images.IsInside(y, x)) value = Images.Values[Images.Offset(image, y, x)];
        return value;
    }

    /// <summary>To the next element of the patch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Advance(ref int y, ref int x, ref int run, ref int runs)
    {
        x++;
        run--;
        if (run == 0)
        {
            run = Images.RunLength;
            x += Images.TapX - Images.RunLength;
            runs--;
            if (runs == 0)
            {
                runs = Images.Runs;
                x -= Images.Runs * Images.TapX;
                y += Images.TapY;
            }
        }
    }
}
