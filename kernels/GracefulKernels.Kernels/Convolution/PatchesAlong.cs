using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Where a thread is in the patch of its position.</summary>
internal struct PatchWalk
{
    /// <summary>Of the quad's first element; anywhere where that is outside of the image.</summary>
    public long Offset;

    /// <summary>Element in the line, and line of the image; <see cref="ImagePatches.Outside"/> where there is nothing to load.</summary>
    public int X, Y;

    /// <summary>Elements to the end of the run; runs to the end of the line of taps; lines to the end of the patch.</summary>
    public int Run, Runs, Lines;
}

/// <summary>
/// Patches as rows: A of a convolution, and of its transpose. Inner steps are the elements of a patch. A step is four additions; only the end of a run
/// costs more.
/// </summary>
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
        int run = Images.PerRun.Quotient(inner), within = inner - (run * Images.RunLength);
        int tapLine = Images.PerTapLine.Quotient(run), across = run - (tapLine * Images.Runs);
        int y = (line * Images.StepY) + Images.StartY + (tapLine * Images.TapY);
        int x = (column * Images.StepX) + Images.StartX + (across * Images.TapX) + within;
        return new()
        {
            Offset = Images.Offset(image, y, x),
            X = x,
            Y = row < Images.AllPositions && tapLine < Images.TapLines ? y : ImagePatches.Outside,
            Run = Images.RunLength - within,
            Runs = Images.Runs - across,
            Lines = Images.TapLines - tapLine,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref PatchWalk walk, int step)
    {
        Float4 quad = default;
        if (Images.Quads != 0)
        {
            if (Images.IsInside(walk.Y, walk.X)) quad = Images.Values.Cast<Float4>()[walk.Offset >> 2];
            Advance(ref walk, step);
        }
        else
        {
            if (Images.IsInside(walk.Y, walk.X)) quad.X = Images.Values[walk.Offset];
            Advance(ref walk, 1);
            if (Images.IsInside(walk.Y, walk.X)) quad.Y = Images.Values[walk.Offset];
            Advance(ref walk, 1);
            if (Images.IsInside(walk.Y, walk.X)) quad.Z = Images.Values[walk.Offset];
            Advance(ref walk, 1);
            if (Images.IsInside(walk.Y, walk.X)) quad.W = Images.Values[walk.Offset];
            Advance(ref walk, step - 3);
        }
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Advance(ref PatchWalk walk, int step)
    {
        walk.Offset += step;
        walk.X += step;
        walk.Run -= step;
        // Behind the end there is no run to go to, and no need to.
        while (walk.Run <= 0 && walk.Lines > 0)
        {
            walk.Run += Images.RunLength;
            walk.Runs--;
            int by = Images.TapX - Images.RunLength;
            long lines = 0;
            if (walk.Runs == 0)
            {
                walk.Runs = Images.Runs;
                walk.Lines--;
                by -= Images.Runs * Images.TapX;
                lines = (long)Images.TapY * Images.LineLength;
                walk.Y = walk.Lines > 0 ? walk.Y + Images.TapY : ImagePatches.Outside;
            }
            walk.X += by;
            walk.Offset += lines + by;
        }
    }
}
