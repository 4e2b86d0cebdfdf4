using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The same bits from every instruction set and any number of threads.</summary>
public unsafe class PatchCovarianceBitTests
{
    [Fact]
    public void EveryTargetAndThreadCountGivesTheSameBits()
    {
        foreach (ConvolutionShape s in new ConvolutionShape[] { new(40, 16, 16, 16, 1, 3, 1, 1), new(4, 61, 59, 3, 1, 7, 2, 3), new(2, 20, 21, 33, 1, 3, 2, 1), new(1, 9000, 1, 41, 1, 1, 1, 0) })
        {
            float[] x = Matrices.Random(new Random(10), s.InputLength);
            int d = s.PatchLength + 1;
            double[]? expected = null;
            foreach (IKernels kernels in KernelSetCases.All())
            {
                double[] sum = new double[d * d];
                fixed (float* px = x)
                fixed (double* ps = sum) ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByPatches(s, new(px, x.Length), true, new(ps, sum.Length));
                expected ??= sum;
                Assert.True(expected.AsSpan().SequenceEqual(sum), $"{kernels.Name} with {kernels.Threads} threads, {s}");
            }
        }
    }
}
