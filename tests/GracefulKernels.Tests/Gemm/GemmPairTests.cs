using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract unsafe class GemmPairTests(KernelFamily family)
{
    [Theory]
    [InlineData(70, 33, 40)]
    [InlineData(33, 600, 700)]
    [InlineData(100, 17, 1500)]
    [InlineData(19, 70, 4500)]
    [InlineData(130, 16, 0)]
    public void APairIsTheSumOfTwoProducts(int m, int n, int k)
    {
        var random = new Random(k);
        float[] a1 = Matrices.Random(random, m * k), b1 = Matrices.Random(random, k * n), a2 = Matrices.Random(random, m * k), b2 = Matrices.Random(random, k * n);
        foreach ((bool ta, bool tb) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            var shape = new GemmShape(m, n, k, ta, tb);
            (double[] p1, double[] s1) = Matrices.Multiply(m, n, k, ta, tb, a1, shape.LdA, b1, shape.LdB);
            (double[] p2, double[] s2) = Matrices.Multiply(m, n, k, ta, tb, a2, shape.LdA, b2, shape.LdB);
            foreach (IKernels kernels in family.SetsAndThreads)
            {
                float[] c = new float[m * n];
                fixed (float* q1 = a1, q2 = b1, q3 = a2, q4 = b2, q5 = c)
                {
                    kernels.GemmPair(shape, new(q1, m * k), new(q2, k * n), new(q3, m * k), new(q4, k * n), 0f, new(q5, m * n), default);
                }
                for (int i = 0; i < c.Length; i++)
                {
                    // A chain over both inner dimensions.
                    Assert.True(Math.Abs(c[i] - p1[i] - p2[i]) <= Tolerance.Gamma(2 * k) * (s1[i] + s2[i]), $"{kernels.Name} {shape} at {i}");
                }
            }
        }
    }
}

public sealed class GemmPairTestsOnCpu() : GemmPairTests(KernelFamily.Cpu);

public sealed class GemmPairTestsOnGpu() : GemmPairTests(KernelFamily.Gpu);
