using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public class KroneckerTests
{
    [Fact]
    public void DampAlsoInPlace()
    {
        foreach (int n in new[] { 0, 1, 7, 8, 9, 33, 200 })
        {
            var random = new Random(n);
            double[] sum = [.. Enumerable.Range(0, n * n).Select(_ => random.NextDouble() - 0.5)];
            using var source = new GuardedBuffer<double>(sum);
            double[] nan = [.. sum.Select(_ => double.NaN)];
            double[] damped = Everywhere.Run(nan, (k, o) => k.Damp(n, 0.37, 1e-3, source.Block, o));
            for (int i = 0; i < damped.Length; i++)
            {
                Assert.Equal(i / n == i % n ? Math.FusedMultiplyAdd(0.37, sum[i], 1e-3) : 0.37 * sum[i], damped[i]);
            }
            Everywhere.AssertSame<double>(damped, Everywhere.Run(sum, (k, o) => k.Damp(n, 0.37, 1e-3, o, o)), "in place");
            double trace = 0;
            for (int i = 0; i < n; i++) trace += sum[(i * n) + i];
            foreach (IKernels k in KernelSetCases.All()) Assert.Equal(trace, k.Trace(n, source.Block));
        }
    }
}
