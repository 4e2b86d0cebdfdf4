using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// The patches of NHWC images as a GPU's kernels read them: for each position of a grid, the channels of some taps, taps in their order. Neighbouring taps of a line
/// without dilation are one <i>run</i> of memory; a line of taps is one run then, and else a run for each tap. Places are counted in elements along a
/// line of the image and in lines, so that an element is inside where two unsigned comparisons say so.
/// </summary>
internal struct ImagePatches
{
    /// <summary>A line so far outside of every image that no step leads back.</summary>
    public const int Outside = -(1 << 30);

    /// <summary>[images, <see cref="Lines"/>, <see cref="LineLength"/>].</summary>
    public ArrayView<float> Values;

    public int Lines, LineLength;

    /// <summary>Positions of all images, of one, and beside each other.</summary>
    public int AllPositions, Positions, Across;

    /// <summary>From position to position: lines, and elements of a line.</summary>
    public int StepY, StepX;

    /// <summary>Where the first tap of the first position lies.</summary>
    public int StartY, StartX;

    /// <summary>From tap to tap: lines, and elements of a line (from run to run; 0 where there is one run).</summary>
    public int TapY, TapX;

    /// <summary>Elements of a run, runs of a line of taps, lines of taps.</summary>
    public int RunLength, Runs, TapLines;

    /// <summary>Elements of a patch.</summary>
    public int Length;

    /// <summary>Not 0: images are aligned and channels a multiple of 4, so that four elements from a multiple of 4 on are inside or outside together.</summary>
    public int Quads;

    public FastDivisor PerImage, PerLine, PerRun, PerTapLine;

    public static ImagePatches Of(ArrayView<float> values, int batch, int channels, in TapAxis y, in TapAxis x)
    {
        bool oneRun = x.Step == 1 || x.Count <= 1;
        int runs = oneRun ? 1 : x.Count, runLength = oneRun ? x.Count * channels : channels;
        return new()
        {
            Values = values,
            Lines = y.Source,
            LineLength = x.Source * channels,
            AllPositions = checked(batch * y.Grid * x.Grid),
            Positions = y.Grid * x.Grid,
            Across = x.Grid,
            StepY = y.Stride,
            StepX = x.Stride * channels,
            StartY = y.Start,
            StartX = x.Start * channels,
            TapY = y.Step,
            TapX = oneRun ? 0 : x.Step * channels,
            RunLength = runLength,
            Runs = runs,
            TapLines = y.Count,
            Length = checked(y.Count * runs * runLength),
            Quads = channels % 4 == 0 && Float4.Fits(values) && values.Length / 4 <= int.MaxValue ? 1 : 0,
            PerImage = FastDivisor.Of(Math.Max(1, y.Grid * x.Grid)),
            PerLine = FastDivisor.Of(Math.Max(1, x.Grid)),
            PerRun = FastDivisor.Of(Math.Max(1, runLength)),
            PerTapLine = FastDivisor.Of(runs),
        };
    }

    /// <summary>The patches that a convolution of these images multiplies with its weights.</summary>
    public static ImagePatches Of(ArrayView<float> x, in ConvolutionShape s) => Of(
        x,
        s.Batch,
        s.InChannels,
        new TapAxis(s.Height, s.OutHeight, s.StrideY, -s.PadTop, s.DilationY, s.KernelHeight),
        new TapAxis(s.Width, s.OutWidth, s.StrideX, -s.PadLeft, s.DilationX, s.KernelWidth));

    /// <summary>
    /// Four elements of a patch from <paramref name="element"/> on, the first of which is at (<paramref name="y"/>, <paramref name="x"/>). Zeros where there is no
    /// image and behind the end of the patch.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Quad(int image, int y, int x, int element)
    {
        Float4 quad = default;
        if (Quads != 0)
        {
            // Quads are few enough for 32 bits, and a line has whole ones.
            if (IsInside(y, x)) quad = Values.Cast<Float4>()[(((image * Lines) + y) * (LineLength >> 2)) + (x >> 2)];
            return quad;
        }
        // Where the run of the first element ends, and its line of taps.
        int ofRun = PerRun.Quotient(element), ofLine = PerTapLine.Quotient(ofRun);
        int run = ((ofRun + 1) * RunLength) - element, runs = ((ofLine + 1) * Runs) - ofRun, left = Length - element;
        quad.X = Load(image, y, x);
        Advance(ref y, ref x, ref run, ref runs);
        if (left > 1) quad.Y = Load(image, y, x);
        Advance(ref y, ref x, ref run, ref runs);
        if (left > 2) quad.Z = Load(image, y, x);
        Advance(ref y, ref x, ref run, ref runs);
        if (left > 3) quad.W = Load(image, y, x);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsInside(int y, int x) => ((uint)y < (uint)Lines) & ((uint)x < (uint)LineLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly long Offset(int image, int y, int x) => ((long)((image * Lines) + y) * LineLength) + x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Load(int image, int y, int x)
    {
        float value = 0f;
        if (IsInside(y, x)) value = Values[Offset(image, y, x)];
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
            run = RunLength;
            x += TapX - RunLength;
            runs--;
            if (runs == 0)
            {
                runs = Runs;
                x -= Runs * TapX;
                y += TapY;
            }
        }
    }
}
