using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Convolutions in fp64 straight from their definition, with the sums of magnitudes that bound the error of an fp32 one.</summary>
internal static class Convolutions
{
    public delegate void Term(long y, long x, long w);

    /// <summary>Calls <paramref name="term"/> with the offsets of output, input and weight for each product of the convolution.</summary>
    public static void ForEachTerm(in ConvolutionShape s, Term term)
    {
        for (int n = 0; n < s.Batch; n++)
        {
            for (int oy = 0; oy < s.OutHeight; oy++)
            {
                for (int ox = 0; ox < s.OutWidth; ox++)
                {
                    for (int ky = 0; ky < s.KernelHeight; ky++)
                    {
                        int iy = (oy * s.StrideY) - s.PadTop + (ky * s.DilationY);
                        if (iy < 0 || iy >= s.Height) continue;
                        for (int kx = 0; kx < s.KernelWidth; kx++)
                        {
                            int ix = (ox * s.StrideX) - s.PadLeft + (kx * s.DilationX);
                            if (ix < 0 || ix >= s.Width) continue;
                            long y = ((((long)n * s.OutHeight) + oy) * s.OutWidth + ox) * s.OutChannels;
                            long x = ((((long)n * s.Height) + iy) * s.Width + ix) * s.InChannels;
                            long w = (((long)ky * s.KernelWidth) + kx) * s.InChannels;
                            for (int o = 0; o < s.OutChannels; o++)
                            {
                                for (int c = 0; c < s.InChannels; c++) term(y + o, x + c, ((long)o * s.PatchLength) + w + c);
                            }
                        }
                    }
                }
            }
        }
    }

    public static (double[] Value, double[] Magnitude) Forward(in ConvolutionShape s, float[] x, float[] w)
    {
        double[] value = new double[s.OutputLength], magnitude = new double[s.OutputLength];
        ForEachTerm(s, (o, i, k) => Add(value, magnitude, o, (double)x[i] * w[k]));
        return (value, magnitude);
    }

    public static (double[] Value, double[] Magnitude) InputGradient(in ConvolutionShape s, float[] dy, float[] w)
    {
        double[] value = new double[s.InputLength], magnitude = new double[s.InputLength];
        ForEachTerm(s, (o, i, k) => Add(value, magnitude, i, (double)dy[o] * w[k]));
        return (value, magnitude);
    }

    public static (double[] Value, double[] Magnitude) WeightGradient(in ConvolutionShape s, float[] x, float[] dy)
    {
        double[] value = new double[s.WeightLength], magnitude = new double[s.WeightLength];
        ForEachTerm(s, (o, i, k) => Add(value, magnitude, k, (double)dy[o] * x[i]));
        return (value, magnitude);
    }

    /// <summary>γ of the chain's length bounds any order of its products and sums.</summary>
    public static void AssertBound(double[] expected, double[] magnitude, ReadOnlySpan<float> actual, int length, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(actual[i] - expected[i]) <= Tolerance.Gamma(length) * magnitude[i], $"{what} at {i}: {actual[i]:R}, expected {expected[i]:R}");
        }
    }

    /// <summary>Shapes that meet every branch: strides, asymmetric padding, dilation, odd kernels and channels, images smaller than the kernel.</summary>
    public static IEnumerable<ConvolutionShape> Shapes()
    {
        yield return new(2, 5, 5, 1, 1, 3, 1, 1);
        yield return new(1, 8, 8, 16, 16, 3, 1, 1);
        yield return new(3, 7, 9, 3, 17, 3, 2, 1);
        yield return new(2, 9, 8, 17, 5, 3, 3, 1);
        yield return new(2, 6, 6, 16, 33, 1, 1, 0);
        yield return new(2, 7, 7, 16, 20, 1, 2, 0);
        yield return new(1, 5, 6, 4, 3, 1, 1, 2);
        yield return new(1, 13, 11, 3, 10, 7, 2, 3);
        yield return new(2, 9, 9, 3, 6, 5, 1, 2);
        yield return new(1, 2, 2, 4, 7, 5, 1, 2);
        yield return new(1, 3, 2, 2, 3, 7, 2, 3);
        yield return new(2, 10, 12, 5, 18, 3, 1, 2, dilation: 2);
        yield return new(1, 11, 12, 6, 9, 3, 2, 2, dilation: 2);
        yield return new(1, 12, 13, 3, 4, 3, 3, 2, dilation: 2);
        yield return new(2, 9, 10, 3, 8, 2, 3, 1, 2, 0, 1, 1, 2, 1, 1);
        yield return new(1, 8, 9, 4, 40, 3, 2, 2, 1, 2, 0, 0, 1, 1, 3);
        yield return new(1, 6, 40, 64, 64, 3, 1, 1);
        yield return new(40, 4, 4, 8, 16, 3, 1, 1);
        yield return new(1, 5, 33, 16, 70, 3, 1, 1);
        yield return new(1, 6, 6, 3, 4, 3, 1, 1, 3, 0, 0, 4, 2, 1, 1);
        yield return new(0, 6, 6, 3, 4, 3, 1, 1);
    }

    private static void Add(double[] value, double[] magnitude, long at, double term)
    {
        value[at] += term;
        magnitude[at] += Math.Abs(term);
    }
}
