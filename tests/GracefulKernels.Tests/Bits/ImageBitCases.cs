using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Convolutions, patch covariances, pooling and shortcuts.</summary>
internal static class ImageBitCases
{
    /// <summary>Every branch of the definition, and images that take several bands and slices.</summary>
    private static IEnumerable<ConvolutionShape> Convolved =>
    [
        .. Convolutions.Shapes().Where(s => s.Batch > 0), new(9, 16, 16, 16, 16, 3, 1, 1), new(1, 28, 28, 24, 40, 3, 1, 1), new(1, 40, 40, 3, 32, 7, 2, 3),
        new(3, 14, 14, 20, 30, 1, 1, 0), new(20, 17, 17, 8, 12, 3, 2, 1),
    ];

    public static IEnumerable<BitCase> All =>
    [
        .. from s in Convolved from c in Convolution(s) select c,
        .. from s in PoolingTests.Shapes from c in Pooling(s) select c,
        .. from s in new[] { (1, 1, 1), (2, 5, 7), (5, 49, 513), (40, 64, 64), (3, 3000, 20) } from c in GlobalMean(s.Item1, s.Item2, s.Item3) select c,
        .. from s in new ShortcutShape[] { new(1, 1, 1, 1, 1, 0, 0), new(2, 7, 5, 3, 2, 4, 1), new(3, 32, 32, 16, 2, 8, 8), new(5, 33, 31, 17, 3, 0, 5), new(8, 40, 40, 16, 1, 0, 0) }
           from c in Shortcut(s)
           select c,
    ];

    public static IEnumerable<BitCase> Convolution(ConvolutionShape s)
    {
        yield return new(nameof(IKernels.ConvolutionForward), $"{s}", (k, o) => k.ConvolutionForward(
            s, o.Input(1, s.InputLength), o.Input(2, s.WeightLength), o.Output(s.OutputLength),
            new Epilogue { Bias = o.Input(3, s.OutChannels), Activation = EpilogueActivation.LeakyRelu, Slope = 0.3f }));
        yield return new(nameof(IKernels.ConvolutionForwardPair), $"{s}", (k, o) => k.ConvolutionForwardPair(
            s, o.Input(1, s.InputLength), o.Input(2, s.WeightLength), o.Input(3, s.InputLength), o.Input(4, s.WeightLength), o.Output(s.OutputLength), default));
        yield return new(nameof(IKernels.ConvolutionInputGradient), $"{s}", (k, o)
            => k.ConvolutionInputGradient(s, o.Input(1, s.OutputLength), o.Input(2, s.WeightLength), 0.5f, o.Updated(3, s.InputLength)));
        yield return new(nameof(IKernels.ConvolutionWeightGradient), $"{s}", (k, o)
            => k.ConvolutionWeightGradient(s, o.Input(1, s.InputLength), o.Input(2, s.OutputLength), 0.5f, o.Updated(3, s.WeightLength)));
        foreach (bool homogeneous in new[] { false, true })
        {
            int d = s.PatchLength + (homogeneous ? 1 : 0);
            yield return new(nameof(IKernels.PatchCovariance), $"{s} {homogeneous}", (k, o)
                => k.PatchCovariance(s, o.Input(1, s.InputLength), homogeneous, o.Output(CholeskyBitCases.Uniform(2, (long)d * d))));
        }
    }

    public static IEnumerable<BitCase> Pooling(PoolShape s)
    {
        if (s.Batch == 0) yield break;
        yield return new(nameof(IKernels.MaxPool), $"{s}", (k, o)
            => k.MaxPool(s, o.Input(RandomFloats.Small(1, s.InputLength)), o.Output(s.OutputLength), o.Output(new ushort[s.OutputLength])));
        yield return new(nameof(IKernels.MaxPoolGather), $"{s}", (k, o) => k.MaxPoolGather(s, o.Input(2, s.InputLength), o.Input(Places(s)), o.Output(s.OutputLength)));
        yield return new(nameof(IKernels.MaxPoolScatter), $"{s}", (k, o)
            => k.MaxPoolScatter(s, o.Input(2, s.OutputLength), o.Input(Places(s)), 0.5f, o.Updated(3, s.InputLength)));
        yield return new(nameof(IKernels.MeanPool), $"{s}", (k, o) => k.MeanPool(s, o.Input(1, s.InputLength), o.Output(s.OutputLength)));
        yield return new(nameof(IKernels.MeanPoolAdjoint), $"{s}", (k, o)
            => k.MeanPoolAdjoint(s, o.Input(1, s.OutputLength), 0.5f, o.Updated(2, s.InputLength)));
    }

    private static ushort[] Places(PoolShape s) => PoolReference.Max(s, RandomFloats.Small(1, s.InputLength)).Argmax;

    public static IEnumerable<BitCase> GlobalMean(int batch, int pixels, int channels)
    {
        long large = (long)batch * pixels * channels, small = (long)batch * channels;
        string shape = $"{batch}x{pixels}x{channels}";
        yield return new(nameof(IKernels.GlobalMean), shape, (k, o) => k.GlobalMean(batch, pixels, channels, o.Input(1, large), o.Output(small)));
        yield return new(nameof(IKernels.GlobalMeanAdjoint), shape, (k, o)
            => k.GlobalMeanAdjoint(batch, pixels, channels, o.Input(1, small), 0.5f, o.Updated(2, large)));
    }

    public static IEnumerable<BitCase> Shortcut(ShortcutShape s)
    {
        long from = (long)s.Batch * s.Height * s.Width * s.Channels, to = (long)s.Batch * s.OutHeight * s.OutWidth * s.OutChannels;
        yield return new(nameof(IKernels.Shortcut), $"{s}", (k, o) => k.Shortcut(s, o.Input(1, from), o.Output(to)));
        yield return new(nameof(IKernels.ShortcutAdjoint), $"{s}", (k, o) => k.ShortcutAdjoint(s, o.Input(1, to), 0.5f, o.Updated(2, from)));
    }
}
