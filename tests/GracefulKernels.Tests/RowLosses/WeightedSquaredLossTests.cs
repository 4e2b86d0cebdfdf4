using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class WeightedSquaredLossTests(KernelFamily family)
{
    [Fact]
    public void MatchesTheReference()
    {
        var random = new Random(2);
        foreach ((int rows, int classes) in new[] { (0, 3), (1, 1), (3, 5), (1, 15), (4, 4), (1, 17), (7, 10), (2, 41),
            (700, 100) })
        {
            int n = rows * classes;
            float[] f = Values(n, random), t = Values(n, random), s = [.. Values(n, random).Select(MathF.Abs)];
            foreach (bool weighted in new[] { false, true })
            {
                using var fb = new GuardedBuffer<float>(f);
                using var tb = new GuardedBuffer<float>(t);
                using var sb = new GuardedBuffer<float>(s);
                using var gb = new GuardedBuffer<float>(n);
                Block<float> weights = weighted ? sb.Block : default;
                double value = family.Best.WeightedSquaredLoss(rows, classes, fb.Block, tb.Block, weights,
                    0.5f, gb.Block);
                gb.AssertUntouchedOutside();
                double expected = 0;
                double[] gradient = new double[n];
                for (int i = 0; i < n; i++)
                {
                    double r = (double)f[i] - t[i], w = weighted ? s[i] : 1;
                    expected += w * r * r / 2;
                    gradient[i] = 0.5 * w * r;
                }
                // Two roundings before the sum, which is fp64; three for a gradient entry.
                Assert.Equal(expected, value, expected * 4 * Tolerance.Unit);
                Tolerance.AssertClose(gradient, gb.Span, 4 * Tolerance.Unit, 0);
                double again = family.Best.WeightedSquaredLoss(rows, classes, fb.Block, tb.Block, weights,
                    0.5f, default);
                Assert.Equal(value, again);
                foreach (IKernels kernels in family.SetsAndThreads)
                {
                    using var other = new GuardedBuffer<float>(n);
                    Assert.Equal(value, kernels.WeightedSquaredLoss(rows, classes, fb.Block, tb.Block, weights, 0.5f,
                        other.Block));
                    Tolerance.AssertSameBits(gb.Span, other.Span);
                }
            }
        }
    }

    private static float[] Values(int n, Random random)
        => [.. Enumerable.Range(0, n).Select(_ => (float)((random.NextDouble() * 6) - 3))];
}

public sealed class WeightedSquaredLossTestsOnCpu() : WeightedSquaredLossTests(KernelFamily.Cpu);

public sealed class WeightedSquaredLossTestsOnGpu() : WeightedSquaredLossTests(KernelFamily.Gpu);
