using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class DampTraceTests(KernelFamily family)
{
    private const double Unit = 1.0 / (1L << 53);

    [Fact]
    public void DampAlsoInPlace()
    {
        foreach (int n in new[] { 0, 1, 7, 8, 9, 33, 200, 257, 1025 })
        {
            double[] sum = Random(n);
            using var source = new GuardedBuffer<double>(sum);
            double[] nan = [.. sum.Select(_ => double.NaN)];
            double[] damped = family.Run(nan, (k, o) => k.Damp(n, 0.37, 1e-3, source.Block, o));
            for (int i = 0; i < damped.Length; i++)
            {
                double product = 0.37 * sum[i];
                if (i / n != i % n) Assert.Equal(product, damped[i]);
                else if (family.IsCpu) Assert.Equal(Math.FusedMultiplyAdd(0.37, sum[i], 1e-3), damped[i]);
                // Whether a device's compiler fuses the two is its own affair: a rounding of the product, and one of the sum.
                else Assert.Equal(product + 1e-3, damped[i], 2 * Unit * (Math.Abs(product) + 1e-3));
            }
            Everywhere.AssertSame<double>(damped, family.Run(sum, (k, o) => k.Damp(n, 0.37, 1e-3, o, o)), "in place");
        }
    }

    [Fact]
    public void Trace()
    {
        foreach (int n in new[] { 0, 1, 7, 33, 200, 256, 257, 1025 })
        {
            double[] a = Random(n);
            using var source = new GuardedBuffer<double>(a);
            double trace = 0, magnitude = 0;
            for (int i = 0; i < n; i++)
            {
                trace += a[(i * n) + i];
                magnitude += Math.Abs(a[(i * n) + i]);
            }
            foreach (IKernels k in family.SetsAndThreads)
            {
                // A device sums in another order: either sum of n numbers errs by at most n roundings of their magnitudes.
                Assert.Equal(trace, k.Trace(n, source.Block), family.IsCpu ? 0 : 2 * n * Unit * magnitude);
                Assert.Equal(k.Trace(n, source.Block), k.Trace(n, source.Block));
            }
        }
    }

    private static double[] Random(int n)
    {
        var random = new Random(n);
        return [.. Enumerable.Range(0, n * n).Select(_ => random.NextDouble() - 0.5)];
    }
}

public sealed class DampTraceTestsOnCpu() : DampTraceTests(KernelFamily.Cpu);

public sealed class DampTraceTestsOnGpu() : DampTraceTests(KernelFamily.Gpu);
