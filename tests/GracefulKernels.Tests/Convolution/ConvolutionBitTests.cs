using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The same bits from every instruction set and any number of threads.</summary>
public unsafe class ConvolutionBitTests
{
    [Fact]
    public void EveryTargetAndThreadCountGivesTheSameBits()
    {
        foreach (ConvolutionShape s in new ConvolutionShape[]
        {
            new(9, 16, 16, 16, 16, 3, 1, 1), new(1, 28, 28, 24, 40, 3, 1, 1), new(3, 21, 23, 17, 33, 3, 2, 1), new(1, 40, 40, 3, 32, 7, 2, 3),
            new(4, 15, 15, 16, 24, 1, 2, 0), new(3, 14, 14, 20, 30, 1, 1, 0), new(2, 18, 17, 6, 10, 3, 1, 2, dilation: 2),
        })
        {
            var random = new Random(8);
            float[] x = Matrices.Random(random, s.InputLength), w = Matrices.Random(random, s.WeightLength), dy = Matrices.Random(random, s.OutputLength);
            float[]?[] expected = new float[4][];
            foreach (IKernels kernels in KernelSetCases.All())
            {
                float[] y = new float[s.OutputLength], pair = new float[s.OutputLength], dx = (float[])x.Clone(), dw = (float[])w.Clone();
                fixed (float* px = x, pw = w, pdy = dy, py = y, ppair = pair, pdx = dx, pdw = dw)
                {
                    Block<float> bx = new(px, x.Length), bw = new(pw, w.Length), bdy = new(pdy, dy.Length);
                    kernels.ConvolutionForward(s, bx, bw, new(py, y.Length), default);
                    kernels.ConvolutionForwardPair(s, bx, bw, bx, bw, new(ppair, pair.Length), new Epilogue { Activation = EpilogueActivation.LeakyRelu, Slope = 0.3f });
                    kernels.ConvolutionInputGradient(s, bdy, bw, 0.5f, new(pdx, dx.Length));
                    kernels.ConvolutionWeightGradient(s, bx, bdy, 0.5f, new(pdw, dw.Length));
                }
                float[][] actual = [y, pair, dx, dw];
                for (int i = 0; i < 4; i++)
                {
                    expected[i] ??= actual[i];
                    Tolerance.AssertSameBits(expected[i], actual[i], $"{kernels.Name} with {kernels.Threads} threads, operation {i} of {s}");
                }
            }
        }
    }

    /// <summary>Outputs that outgrow the caches are stored past them where they are aligned: with the same bits, and all of them there when the call returns.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void StreamedOutputsHaveTheSameBits(bool gradient)
    {
        // The gradient's four phases write positions with gaps between them.
        ConvolutionShape s = gradient ? new(16, 112, 112, 32, 1, 3, 2, 1) : new(16, 112, 112, 1, 32, 3, 1, 1);
        long length = gradient ? s.InputLength : s.OutputLength;
        Assert.True(length * sizeof(float) > Streaming.Threshold);
        var random = new Random(9);
        float[] from = Matrices.Random(random, gradient ? s.OutputLength : s.InputLength), w = Matrices.Random(random, s.WeightLength);
        using var aligned = new HostMemory(length * sizeof(float));
        using var shifted = new HostMemory((length * sizeof(float)) + HostMemory.Alignment);
        Block<float> expected = new((float*)aligned.BaseAddress, length), actual = new((float*)shifted.BaseAddress + 1, length);
        fixed (float* pfrom = from, pw = w)
        {
            Block<float> source = new(pfrom, from.Length), weights = new(pw, w.Length);
            foreach (IKernels kernels in KernelSetCases.All())
            {
                expected.Span.Fill(float.NaN);
                foreach (Block<float> to in new[] { expected, actual })
                {
                    if (gradient) kernels.ConvolutionInputGradient(s, source, weights, 0f, to);
                    else kernels.ConvolutionForward(s, source, weights, to, default);
                }
                bool same = MemoryMarshal.AsBytes(expected.Span).SequenceEqual(MemoryMarshal.AsBytes(actual.Span));
                Assert.True(same, $"{kernels.Name} with {kernels.Threads} threads");
            }
        }
    }
}
