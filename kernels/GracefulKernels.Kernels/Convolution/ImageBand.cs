using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The rows of an image that a run of grid rows reads, with zeros where they lie outside it: the image itself where nothing does, a copy in
/// scratch memory otherwise. Register tiles read it in place, so no matrix of patches ever exists.
/// </summary>
internal readonly unsafe struct ImageBand
{
    private ImageBand(float* start, nint pitch)
    {
        Start = start;
        Pitch = pitch;
    }

    /// <summary>The first channel of the first tap of the first grid position.</summary>
    public float* Start { get; }

    /// <summary>Elements from source row to source row.</summary>
    public nint Pitch { get; }

    /// <summary>Elements of scratch memory for <paramref name="rows"/> grid rows of one image.</summary>
    public static long ScratchLength(in TapAxis y, in TapAxis x, int channels, int rows)
        => y.IsInside && x.IsInside ? 0 : (long)y.Extent(rows) * x.Extent(x.Grid) * channels;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ImageBand Get(in TapAxis y, in TapAxis x, int channels, float* image, int row, int rows, float* scratch)
    {
        nint sourcePitch = (nint)x.Source * channels;
        if (y.IsInside && x.IsInside) return new ImageBand(image + (y.First(row) * sourcePitch) + ((nint)x.Start * channels), sourcePitch);
        int extent = x.Extent(x.Grid);
        nint pitch = (nint)extent * channels;
        int left = Math.Clamp(-x.Start, 0, extent), right = Math.Clamp(x.Start + extent - x.Source, 0, extent);
        int first = y.First(row), count = y.Extent(rows);
        float* to = scratch;
        for (int i = first; i < first + count; i++, to += pitch)
        {
            if (i < 0 || i >= y.Source || left + right >= extent)
            {
                NativeMemory.Clear(to, (nuint)(pitch * sizeof(float)));
                continue;
            }
            nint before = (nint)left * channels, after = (nint)right * channels;
            NativeMemory.Clear(to, (nuint)(before * sizeof(float)));
            NativeMemory.Copy(image + (i * sourcePitch) + ((nint)(x.Start + left) * channels), to + before, (nuint)((pitch - before - after) * sizeof(float)));
            NativeMemory.Clear(to + pitch - after, (nuint)(after * sizeof(float)));
        }
        return new ImageBand(scratch, pitch);
    }
}
