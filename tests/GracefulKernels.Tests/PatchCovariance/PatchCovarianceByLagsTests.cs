using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public unsafe class PatchCovarianceByLagsTests
{
    public static TheoryData<string> Names => KernelSetCases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void MatchesTheDefinitionAtOddSizes(string name)
    {
        int cases = 0;
        (int H, int W)[] sizes = [(1, 1), (1, 5), (4, 1), (2, 2), (3, 2), (5, 5), (7, 4), (13, 11)];
        (int H, int W)[] taps = [(1, 1), (3, 3), (5, 5), (3, 1), (1, 3), (2, 3)];
        (int Top, int Left, int Bottom, int Right)[] paddings = [(0, 0, 0, 0), (1, 1, 1, 1), (2, 2, 2, 2), (1, 0, 2, 1), (0, 2, 0, 0), (4, 0, 0, 5)];
        foreach ((int height, int width) in sizes)
        {
            foreach ((int kh, int kw) in taps)
            {
                foreach ((int top, int left, int bottom, int right) in paddings)
                {
                    foreach (int dilation in new[] { 1, 2 })
                    {
                        var s = new ConvolutionShape(2, height, width, 3, 1, kh, kw, 1, 1, top, left, bottom, right, dilation, dilation);
                        if (height + top + bottom < (dilation * (kh - 1)) + 1 || width + left + right < (dilation * (kw - 1)) + 1) continue;
                        Check(KernelSetCases.Get(name), s, homogeneous: cases % 3 != 0, guardBefore: cases % 2 == 0);
                        cases++;
                    }
                }
            }
        }
        Assert.True(cases > 300, $"{cases} cases");
    }

    /// <summary>Partial groups of columns, more than one slice, more than one stretch of a piece, small images that share a band.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void MatchesTheDefinitionAtManyChannelsAndPositions(string name)
    {
        ConvolutionShape[] shapes =
        [
            new(3, 30, 30, 16, 1, 3, 1, 1), new(2, 9, 7, 17, 1, 3, 1, 1), new(2, 6, 5, 31, 1, 3, 1, 1), new(1, 5, 8, 33, 1, 3, 1, 1), new(1, 4, 4, 41, 1, 3, 1, 1),
            new(1, 3, 3, 70, 1, 3, 1, 1), new(5, 50, 50, 4, 1, 3, 1, 1), new(9000, 1, 2, 2, 1, 1, 2, 1, 1, 0, 0, 0, 1, 1, 1), new(1, 3, 2000, 3, 1, 3, 1, 1), new(700, 4, 3, 5, 1, 3, 1, 1),
        ];
        foreach (ConvolutionShape s in shapes) Check(KernelSetCases.Get(name), s, homogeneous: true, guardBefore: s.InChannels % 2 == 0);
    }

    /// <summary>A border a thousand times as large as the inside: blocks of taps that never see it must not have lost their digits to it.</summary>
    [Fact]
    public void BlocksThatMissALargeBorderKeepTheirDigits()
    {
        var s = new ConvolutionShape(3, 9, 10, 4, 1, 3, 1, 0);
        float[] values = Matrices.Random(new Random(12), s.InputLength);
        for (int i = 0; i < values.Length; i++)
        {
            int y = i / (s.Width * s.InChannels) % s.Height, x = i / s.InChannels % s.Width;
            if (y == 0 || x == 0 || y == s.Height - 1 || x == s.Width - 1) values[i] *= 1e3f;
        }
        int d = s.PatchLength, centre = 4 * s.InChannels;
        double[] expected = PatchCovariances.Gram(s, values, false), sum = Run(KernelSetCases.Get(KernelSets.Best), s, values, false);
        double[] inside = new double[s.InChannels * s.InChannels], found = new double[inside.Length];
        for (int i = 0; i < s.InChannels; i++)
        {
            expected.AsSpan(((centre + i) * d) + centre, s.InChannels).CopyTo(inside.AsSpan(i * s.InChannels));
            sum.AsSpan(((centre + i) * d) + centre, s.InChannels).CopyTo(found.AsSpan(i * s.InChannels));
        }
        // The block of the middle tap alone. A difference of sums with the border would be off by 1e6 times a rounding.
        Tolerance.AssertRelativeNorm(inside, found, 1e-6);
        Tolerance.AssertRelativeNorm(expected, sum, 1e-6);
    }

    [Fact]
    public void EveryTargetAndThreadCountGivesTheSameBits()
    {
        foreach (ConvolutionShape s in new ConvolutionShape[] { new(40, 16, 16, 16, 1, 3, 1, 1), new(2, 40, 60, 35, 1, 3, 1, 1), new(20, 7, 7, 70, 1, 3, 1, 1), new(30, 13, 11, 9, 1, 5, 1, 2) })
        {
            float[] x = Matrices.Random(new Random(10), s.InputLength);
            double[]? expected = null;
            foreach (IKernels kernels in KernelSetCases.All())
            {
                double[] sum = Run(kernels, s, x, true);
                expected ??= sum;
                Assert.True(expected.AsSpan().SequenceEqual(sum), $"{kernels.Name} with {kernels.Threads} threads, {s}");
            }
        }
    }

    [Fact]
    public void TheShapeAloneChoosesTheAlgorithm()
    {
        (ConvolutionShape Shape, bool ByLags)[] cases =
        [
            (new(2, 12, 12, 8, 1, 3, 1, 1), true), (new(2, 12, 12, 32, 1, 3, 1, 0, dilation: 2), true), (new(2, 12, 12, 64, 1, 1, 3, 1, 1, 0, 1, 0, 1, 1, 1), true),
            (new(2, 12, 12, 7, 1, 3, 1, 1), false), (new(2, 12, 12, 32, 1, 3, 2, 1), false), (new(2, 12, 12, 32, 1, 1, 1, 0), false), (new(2, 12, 12, 32, 1, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1), false),
        ];
        foreach ((ConvolutionShape s, bool byLags) in cases)
        {
            float[] x = Matrices.Random(new Random(11), s.InputLength);
            int d = s.PatchLength + 1;
            foreach (IKernels kernels in KernelSetCases.All())
            {
                double[] chosen = new double[d * d], named = new double[d * d];
                fixed (float* px = x)
                fixed (double* pc = chosen, pn = named)
                {
                    Block<float> image = new(px, x.Length);
                    kernels.PatchCovariance(s, image, true, new(pc, chosen.Length));
                    if (byLags) ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByLags(s, image, true, new(pn, named.Length));
                    else ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByPatches(s, image, true, new(pn, named.Length));
                }
                Assert.True(named.AsSpan().SequenceEqual(chosen), $"{kernels.Name} {s}");
            }
        }
    }

    private static void Check(IKernels kernels, in ConvolutionShape s, bool homogeneous, bool guardBefore)
    {
        float[] values = Matrices.Random(new Random(9), s.InputLength);
        // A mean away from zero, as after an activation: the sums grow with the positions and show what an accumulator loses.
        for (int i = 0; i < values.Length; i++) values[i] += 0.3f;
        int d = s.PatchLength + (homogeneous ? 1 : 0);
        using var x = new GuardedBuffer<float>(values, guardBefore);
        using var sum = new GuardedBuffer<double>((long)d * d, guardBefore);
        sum.Span.Fill(0.25);
        ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByLags(s, x.Block, homogeneous, sum.Block);
        double[] expected = PatchCovariances.Gram(s, values, homogeneous);
        for (int i = 0; i < expected.Length; i++) expected[i] += 0.25;
        // Chains of about 512 products in fp32, at most 512 sums of them, everything above in fp64.
        Tolerance.AssertRelativeNorm(expected, sum.Span, 1e-6, $"{kernels.Name} {s}");
        sum.AssertUntouchedOutside();
    }

    private static double[] Run(IKernels kernels, in ConvolutionShape s, float[] x, bool homogeneous)
    {
        int d = s.PatchLength + (homogeneous ? 1 : 0);
        double[] sum = new double[d * d];
        fixed (float* px = x)
        fixed (double* ps = sum) ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByLags(s, new(px, x.Length), homogeneous, new(ps, sum.Length));
        return sum;
    }
}
