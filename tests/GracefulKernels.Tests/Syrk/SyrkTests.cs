using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class SyrkTests(KernelFamily family)
{
    [Fact]
    public void LowerTriangleMatchesTheReferenceAndTheUpperIsUntouched()
    {
        foreach (IKernels kernels in family.Sets)
        {
            foreach ((int n, int k) in new[] { (1, 1), (3, 0), (14, 5), (17, 16), (31, 40), (33, 7), (64, 64), (70, 449), (131, 33), (300, 460), (257, 1000) })
            {
                foreach (bool transpose in new[] { false, true })
                {
                    foreach (float beta in new[] { 0f, 0.5f })
                    {
                        Check(kernels, transpose, n, k, beta, gap: 3);
                        if (n % 4 == 0) Check(kernels, transpose, n, k, beta, gap: 4);
                    }
                }
            }
        }
    }

    [Fact]
    public void CovarianceMatchesTheReference()
    {
        foreach (IKernels kernels in family.Sets) Covariance(kernels);
    }

    internal static void Covariance(IKernels kernels)
    {
        foreach ((int rows, int features) in new[] { (0, 3), (1, 1), (5, 16), (100, 17), (513, 70), (600, 128), (5000, 33), (8200, 12) })
        {
            foreach (bool homogeneous in new[] { false, true })
            {
                var random = new Random(rows);
                float[] values = Matrices.Random(random, rows * features);
                // A mean far from zero: the sums grow with the rows and show what an accumulator loses.
                for (int i = 0; i < values.Length; i++) values[i] += 0.5f;
                int d = homogeneous ? features + 1 : features;
                using var x = new GuardedBuffer<float>(values);
                using var sum = new GuardedBuffer<double>((long)d * d);
                sum.Span.Fill(1.5);
                kernels.Covariance(rows, features, x.Block, homogeneous, sum.Block);
                double[] expected = new double[d * d];
                Array.Fill(expected, 1.5);
                for (int r = 0; r < rows; r++)
                {
                    for (int i = 0; i < d; i++)
                    {
                        double u = i == features ? 1 : values[(r * features) + i];
                        for (int j = 0; j < d; j++) expected[(i * d) + j] += u * (j == features ? 1 : values[(r * features) + j]);
                    }
                }
                // Chains of at most 512 products in fp32, everything above them in fp64 or a few fp32 sums.
                Tolerance.AssertRelativeNorm(expected, sum.Span, 1e-6, $"{kernels.Name} {rows} × {features}");
                sum.AssertUntouchedOutside();
            }
        }
    }

    [Fact]
    public void GramProductMatchesTheReference()
    {
        foreach (IKernels kernels in family.Sets)
        {
            foreach ((int m, int n, int k) in new[] { (1, 1, 0), (1, 1, 1), (3, 70, 17), (70, 5, 512), (33, 40, 513), (64, 128, 2000), (150, 129, 1030), (520, 600, 24) })
            {
                foreach (bool same in new[] { false, true }) Gram(kernels, m, same ? m : n, k, same, gap: k % 4 == 0 ? 4 : 3);
            }
        }
    }

    private static void Gram(IKernels kernels, int m, int n, int k, bool same, int gap)
    {
        var random = new Random(m + n + k);
        int ld = k + gap, ldSum = n + gap;
        // A mean far from zero: the sums grow with k and show what an accumulator loses.
        float[] Values(int rows) => [.. Matrices.Random(random, k == 0 ? 0 : ((rows - 1) * ld) + k).Select(v => v + 0.5f)];
        using var x = new GuardedBuffer<float>(Values(m));
        using var other = new GuardedBuffer<float>(Values(n));
        GuardedBuffer<float> y = same ? x : other;
        using var sum = new GuardedBuffer<double>(((m - 1) * ldSum) + n);
        sum.Span.Fill(1.5);
        kernels.GramProduct(m, n, k, x.Block, ld, y.Block, ld, sum.Block, ldSum);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < (i == m - 1 ? n : ldSum); j++)
            {
                double product = 0, magnitude = 0;
                for (int l = 0; l < k && j < n; l++)
                {
                    double term = (double)x.Span[(i * ld) + l] * y.Span[(j * ld) + l];
                    product += term;
                    magnitude += Math.Abs(term);
                }
                // Chains of at most 512 fp32 products; what is added in fp64 loses nothing that shows.
                double error = Math.Abs(sum.Span[(i * ldSum) + j] - 1.5 - product);
                Assert.True(error <= (Tolerance.Gamma(Math.Min(k, 512) + 1) * magnitude) + 1e-12, $"{kernels.Name} {m} × {n} × {k} at ({i}, {j}): off by {error:E2}");
            }
        }
        sum.AssertUntouchedOutside();
    }

    private static void Check(IKernels kernels, bool transpose, int n, int k, float beta, int gap)
    {
        var random = new Random(n + k);
        int lda = (transpose ? n : k) + gap, ldc = n + gap;
        int stored = Math.Max(0, (((transpose ? k : n) - 1) * lda) + (transpose ? n : k));
        using var a = new GuardedBuffer<float>(Matrices.Random(random, k == 0 ? 0 : stored));
        using var c = new GuardedBuffer<float>(((n - 1) * ldc) + n);
        float[] old = Matrices.Random(random, c.Length);
        old.CopyTo(c.Span);
        if (beta == 0) c.Span.Fill(float.NaN);
        kernels.Syrk(transpose, n, k, 0.75f, a.Block, lda, beta, c.Block, ldc);
        (double[] product, double[] magnitude) = Matrices.Multiply(n, n, k, transpose, !transpose, a.Span, lda, a.Span, lda);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double actual = c.Span[(i * ldc) + j], before = old[(i * ldc) + j];
                double expected = (0.75 * product[(i * n) + j]) + (beta == 0 ? 0 : beta * before);
                double size = (0.75 * magnitude[(i * n) + j]) + (beta == 0 ? 0 : Math.Abs(beta * before));
                // k products and sums, two factors, one sum with the old value.
                bool right = j > i
                    ? beta == 0 ? double.IsNaN(actual) : actual == before
                    : Math.Abs(actual - expected) <= Tolerance.Gamma(k + 3) * size;
                if (!right) Assert.Fail($"{kernels.Name} {transpose} n {n} k {k} beta {beta} at ({i}, {j}): {actual}, expected {expected}");
            }
        }
        c.AssertUntouchedOutside();
    }
}

public sealed class SyrkTestsOnCpu() : SyrkTests(KernelFamily.Cpu);

public sealed class SyrkTestsOnGpu() : SyrkTests(KernelFamily.Gpu);
