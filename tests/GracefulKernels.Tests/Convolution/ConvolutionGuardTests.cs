using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Every operation on every target at many sizes, all operands against pages that may not be touched.</summary>
public class ConvolutionGuardTests
{
    public static TheoryData<string> Names => KernelSetCases.Names;

    /// <summary>Channels in and out, height and width; kernels, strides and borders change from size to size.</summary>
    private static IEnumerable<ConvolutionShape> Shapes()
    {
        (int Kernel, int Stride, int Padding)[] kinds = [(3, 1, 1), (1, 1, 0), (3, 2, 1), (1, 2, 0), (2, 1, 1)];
        int i = 0;
        foreach (int[] n in Sizes.OneByOneAndCombined(small: [3, 5, 4, 5], largest: [40, 40, 9, 9], combinations: 20, seed: 1))
        {
            (int kernel, int stride, int padding) = kinds[i % kinds.Length];
            yield return new ConvolutionShape(1 + (i++ % 2), n[2], n[3], n[0], n[1], kernel, stride, padding);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NothingOutsideIsTouched(string name)
    {
        IKernels kernels = KernelSetCases.Get(name);
        bool before = false;
        foreach (ConvolutionShape s in Shapes())
        {
            var random = new Random(7);
            float[] x = Matrices.Random(random, s.InputLength), w = Matrices.Random(random, s.WeightLength), dy = Matrices.Random(random, s.OutputLength);
            before = !before;
            using var gx = new GuardedBuffer<float>(x, before);
            using var gw = new GuardedBuffer<float>(w, before);
            using var gdy = new GuardedBuffer<float>(dy, before);
            using var y = new GuardedBuffer<float>(s.OutputLength, before);
            using var pair = new GuardedBuffer<float>(s.OutputLength, before);
            using var dx = new GuardedBuffer<float>(s.InputLength, before);
            using var dw = new GuardedBuffer<float>(s.WeightLength, before);
            kernels.ConvolutionForward(s, gx.Block, gw.Block, y.Block, default);
            kernels.ConvolutionForwardPair(s, gx.Block, gw.Block, gx.Block, gw.Block, pair.Block, default);
            kernels.ConvolutionInputGradient(s, gdy.Block, gw.Block, 0f, dx.Block);
            kernels.ConvolutionWeightGradient(s, gx.Block, gdy.Block, 0f, dw.Block);
            string what = $"{name} {s}";
            (double[] value, double[] magnitude) = Convolutions.Forward(s, x, w);
            Convolutions.AssertBound(value, magnitude, y.Span, s.PatchLength, $"{what} forward");
            for (int i = 0; i < value.Length; i++) (value[i], magnitude[i]) = (2 * value[i], 2 * magnitude[i]);
            Convolutions.AssertBound(value, magnitude, pair.Span, 2 * s.PatchLength, $"{what} pair");
            (value, magnitude) = Convolutions.InputGradient(s, dy, w);
            Convolutions.AssertBound(value, magnitude, dx.Span, s.KernelHeight * s.KernelWidth * s.OutChannels, $"{what} input gradient");
            (value, magnitude) = Convolutions.WeightGradient(s, x, dy);
            Convolutions.AssertBound(value, magnitude, dw.Span, s.Batch * s.Positions, $"{what} weight gradient");
            y.AssertUntouchedOutside();
            pair.AssertUntouchedOutside();
            dx.AssertUntouchedOutside();
            dw.AssertUntouchedOutside();
        }
    }
}
