using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Where a thread is in the weights of a transposed convolution.</summary>
internal struct WeightWalk
{
    /// <summary>Of the quad's first element.</summary>
    public long Offset;

    /// <summary>Outputs to the end of the tap; taps to the end of the line of taps.</summary>
    public int Outputs, Taps;

    /// <summary>Inner steps to the end; at most 0 where there is nothing to load.</summary>
    public int Left;

    /// <summary>Input channels from the quad to the end.</summary>
    public int Channels;
}

/// <summary>
/// Weights [out, kh, kw, in] as B of the transposed convolution: columns are input channels, which are contiguous; inner steps are the outputs of a tap, tap by
/// tap, from the last tap of a residue to its first.
/// </summary>
internal struct WeightsByTap : ITileSource<WeightWalk>
{
    public ArrayView<float> Values;
    public int Channels, Outputs;

    /// <summary>Taps beside each other.</summary>
    public int Across;

    /// <summary>Inner steps: all taps, each with all outputs.</summary>
    public int Inner;

    /// <summary>Elements from output to output.</summary>
    public int PatchLength;

    /// <summary>Elements before the first tap; from a tap to the one beside it, and to the one below it.</summary>
    public int Start, StepX, StepY;

    /// <summary>Not 0: weights are aligned and channels a multiple of 4.</summary>
    public int Quads;

    public FastDivisor PerTap, PerLine;

    public static WeightsByTap Of(ArrayView<float> w, in ConvolutionShape s, in Residue y, in Residue x) => new()
    {
        Values = w,
        Channels = s.InChannels,
        Outputs = s.OutChannels,
        Across = x.Count,
        Inner = checked(y.Count * x.Count * s.OutChannels),
        PatchLength = s.PatchLength,
        Start = ((y.LastTap * s.KernelWidth) + x.LastTap) * s.InChannels,
        StepX = -x.TapStep * s.InChannels,
        StepY = -y.TapStep * s.KernelWidth * s.InChannels,
        Quads = s.InChannels % 4 == 0 && GpuKernels.Aligned(w) ? 1 : 0,
        PerTap = FastDivisor.Of(Math.Max(1, s.OutChannels)),
        PerLine = FastDivisor.Of(Math.Max(1, x.Count)),
    };

    public readonly bool AlongInner => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly WeightWalk Begin(int row, int inner)
    {
        int tap = PerTap.Quotient(inner), output = inner - (tap * Outputs);
        int line = PerLine.Quotient(tap), across = tap - (line * Across);
        return new()
        {
            Offset = ((long)output * PatchLength) + Start + (line * StepY) + (across * StepX) + row,
            Outputs = Outputs - output,
            Taps = Across - across,
            Left = row < Channels ? Inner - inner : 0,
            Channels = Channels - row,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref WeightWalk walk, int step)
    {
        Float4 quad = default;
        if (walk.Left > 0)
        {
            if (Quads != 0)
            {
                quad = Values.Cast<Float4>()[walk.Offset >> 2];
            }
            else
            {
                quad.X = Values[walk.Offset];
                if (walk.Channels > 1) quad.Y = Values[walk.Offset + 1];
                if (walk.Channels > 2) quad.Z = Values[walk.Offset + 2];
                if (walk.Channels > 3) quad.W = Values[walk.Offset + 3];
            }
        }
        walk.Offset += (long)step * PatchLength;
        walk.Left -= step;
        walk.Outputs -= step;
        while (walk.Outputs <= 0 && walk.Left > 0)
        {
            walk.Outputs += Outputs;
            walk.Taps--;
            long by = StepX - ((long)Outputs * PatchLength);
            if (walk.Taps == 0)
            {
                walk.Taps = Across;
                by += StepY - ((long)Across * StepX);
            }
            walk.Offset += by;
        }
        return quad;
    }
}
