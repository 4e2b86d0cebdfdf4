using System.Diagnostics;
using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Where a thread is in the weights of a transposed convolution.</summary>
internal struct WeightWalk
{
    /// <summary>The inner step.</summary>
    public int Inner;

    /// <summary>The first input channel of the quad.</summary>
    public int Channel;
}

/// <summary>
/// Weights [out, kh, kw, in] as B of the transposed convolution: columns are input channels, which are contiguous; inner steps are the outputs of a tap, tap by
/// tap, from the last tap of a residue to its first. A thread finds tap and output of each step anew, by products and shifts: registers are scarcer than
/// instructions here, since A has its walk too.
/// </summary>
internal struct WeightsByTap : ITileSource<WeightWalk>
{
    public ArrayView<float> Values;
    public int Channels, Outputs;

    /// <summary>Taps beside each other.</summary>
    public int Across;

    /// <summary>Inner steps: all taps, each with all outputs.</summary>
    public int Inner;

    /// <summary>Elements from output to output. All weights are fewer than 2³¹.</summary>
    public int PatchLength;

    /// <summary>Elements before the first tap; from a tap to the one beside it, and to the one below it.</summary>
    public int Start, StepX, StepY;

    /// <summary>Not 0: weights are aligned and channels a multiple of 4.</summary>
    public int Quads;

    public FastDivisor PerTap, PerLine;

    public static WeightsByTap Of(ArrayView<float> w, in ConvolutionShape s, in Residue y, in Residue x)
    {
        Debug.Assert(w.Length <= int.MaxValue);
        return new()
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
            Quads = s.InChannels % 4 == 0 && Float4.Fits(w) ? 1 : 0,
            PerTap = FastDivisor.Of(Math.Max(1, s.OutChannels)),
            PerLine = FastDivisor.Of(Math.Max(1, x.Count)),
        };
    }

    public readonly bool AlongInner => false;

    public readonly bool Pairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly WeightWalk Begin(int row, int inner) => new() { Inner = row < Channels ? inner : Inner, Channel = row };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Next(ref WeightWalk walk, int step)
    {
        Float4 quad = default;
        if (walk.Inner < Inner)
        {
            int tap = PerTap.Quotient(walk.Inner), output = walk.Inner - (tap * Outputs);
            int line = PerLine.Quotient(tap), across = tap - (line * Across);
            int offset = (output * PatchLength) + Start + (line * StepY) + (across * StepX) + walk.Channel;
            if (Quads != 0)
            {
                quad = Values.Cast<Float4>()[offset >> 2];
            }
            else
            {
                quad.X = Values[offset];
                if (walk.Channel + 1 < Channels) quad.Y = Values[offset + 1];
                if (walk.Channel + 2 < Channels) quad.Z = Values[offset + 2];
                if (walk.Channel + 3 < Channels) quad.W = Values[offset + 3];
            }
        }
        walk.Inner += step;
        return quad;
    }
}
