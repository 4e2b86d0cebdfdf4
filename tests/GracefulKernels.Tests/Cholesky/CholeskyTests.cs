using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class CholeskyTests(KernelFamily family)
{
    private const double Unit = 1.0 / (1L << 53);

    /// <summary>
    /// Every order to 70, orders on both sides of a step and of a panel, and some that take several panels. For devices, whose blocks are of 64 columns, 256 of
    /// which are one step outside: the edges of those, and orders that end in each part of a block.
    /// </summary>
    private IEnumerable<int> Orders => family.IsCpu
        ? [.. Enumerable.Range(0, 71), 95, 96, 97, 127, 143, 191, 192, 193, 200, 240, 333, 400]
        : [.. Enumerable.Range(0, 18), 31, 32, 33, 47, 48, 49, 62, 63, 64, 65, 66, 79, 97, 127, 128, 129, 191, 192, 193, 200, 255, 256, 257, 321, 400, 577];

    [Fact]
    public void FactorReproducesTheMatrix()
    {
        foreach (int n in Orders)
        {
            int ld = n + (n % 3);
            double[] a = SymmetricMatrix.PositiveDefinite(n, n), spread = SymmetricMatrix.Spread(n, ld, a, double.NaN, lowerOnly: true);
            double[] factor = family.Run(spread, (k, o) => Assert.Equal(-1, k.CholeskyFactor(n, o, ld)), $"n = {n}");
            for (int i = 0; i < factor.Length; i++)
            {
                // Neither the upper triangle nor the gap between rows is written; NaN in them would show in the factor had it been read.
                if (i % ld > i / ld) Assert.True(double.IsNaN(factor[i]), $"n = {n}: element {i} outside the lower triangle was written");
            }
            double[] l = SymmetricMatrix.Lower(n, ld, factor), product = SymmetricMatrix.MultiplyTransposed(n, l, l);
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    // |A − LLᵀ| ≤ γ_{n+1}·|L||Lᵀ| for substitution (Higham, theorem 10.3), and (|L||Lᵀ|)ᵢⱼ ≤ √(aᵢᵢ·aⱼⱼ). Inverted blocks of 48
                    // multiply the bound by their condition, which is below 50 for these matrices; it is attained nowhere near.
                    double bound = 50 * (n + 1) * Unit * Math.Sqrt(a[(i * n) + i] * a[(j * n) + j]);
                    Assert.True(Math.Abs(product[(i * n) + j] - a[(i * n) + j]) <= bound, $"n = {n}: A − LLᵀ at ({i}, {j})");
                }
            }
        }
    }

    [Fact]
    public void InverseTimesMatrixIsTheIdentity()
    {
        foreach (int n in Orders)
        {
            int ld = n + (n % 3);
            double[] a = SymmetricMatrix.PositiveDefinite(n, n), spread = SymmetricMatrix.Spread(n, ld, a, double.NaN, lowerOnly: true);
            double[] inverse = family.Run(spread, (k, o) =>
            {
                k.CholeskyFactor(n, o, ld);
                k.CholeskyInverse(n, o, ld);
            }, $"n = {n}");
            double[] x = new double[n * n];
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < ld && (i * ld) + j < inverse.Length; j++)
                {
                    if (j >= n) Assert.True(double.IsNaN(inverse[(i * ld) + j]));
                    else x[(i * n) + j] = inverse[(i * ld) + j];
                }
                for (int j = 0; j < i; j++) Assert.Equal(x[(i * n) + j], x[(j * n) + i]);
            }
            double[] identity = SymmetricMatrix.MultiplyTransposed(n, a, x);
            for (int i = 0; i < n; i++) identity[(i * n) + i] -= 1;
            // ‖AX − I‖ ≤ c·n·u·κ(A) (Higham, 14.3); κ₂ ≤ ‖A‖_F·‖A⁻¹‖_F, and the constant is small in practice.
            double condition = SymmetricMatrix.FrobeniusNorm(a) * SymmetricMatrix.FrobeniusNorm(x);
            Assert.True(SymmetricMatrix.FrobeniusNorm(identity) <= 2 * (n + 1) * Unit * condition, $"n = {n}");
        }
    }

    [Fact]
    public void SolveUndoesTheProduct()
    {
        foreach (int n in Orders)
        {
            int columns = (n * 7 % 65) + 1, ld = n + 2, ldb = columns + (n % 3);
            double[] a = SymmetricMatrix.PositiveDefinite(n, n), spread = SymmetricMatrix.Spread(n, ld, a, double.NaN, lowerOnly: true);
            var random = new Random(n);
            double[] b = [.. Enumerable.Range(0, n == 0 ? 0 : ((n - 1) * ldb) + columns).Select(_ => random.NextDouble() - 0.5)];
            double[] x = family.Run(b, (k, o) =>
            {
                using var factor = new GuardedBuffer<double>(spread);
                k.CholeskyFactor(n, factor.Block, ld);
                k.CholeskySolve(n, factor.Block, ld, columns, o, ldb);
            }, $"n = {n}");
            for (int c = 0; c < columns && n > 0; c++)
            {
                double residual = 0, solution = 0, norm = SymmetricMatrix.FrobeniusNorm(a);
                for (int i = 0; i < n; i++)
                {
                    double sum = 0;
                    for (int j = 0; j < n; j++) sum += a[(i * n) + j] * x[(j * ldb) + c];
                    residual += (sum - b[(i * ldb) + c]) * (sum - b[(i * ldb) + c]);
                    solution += x[(i * ldb) + c] * x[(i * ldb) + c];
                }
                // ‖Ax − b‖ ≤ c·n·u·‖A‖·‖x‖ (Higham, theorem 10.4), times the condition of the inverted blocks, which stays below 50 here.
                Assert.True(Math.Sqrt(residual) <= 50 * (n + 1) * Unit * norm * Math.Sqrt(solution), $"n = {n}, column {c}");
            }
            for (int i = 0; i < b.Length; i++) if (i % ldb >= columns) Assert.Equal(b[i], x[i]);
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(30, 0)]
    [InlineData(30, 29)]
    [InlineData(60, 47)]
    [InlineData(60, 48)]
    [InlineData(260, 191)]
    [InlineData(260, 192)]
    [InlineData(260, 259)]
    [InlineData(130, 63)]
    [InlineData(130, 64)]
    [InlineData(330, 256)]
    public void TheFirstBadPivotIsNamed(int n, int pivot)
    {
        foreach (double bad in new[] { -1.0, 0.0, double.NaN, double.PositiveInfinity })
        {
            double[] a = SymmetricMatrix.PositiveDefinite(n, n);
            // With nothing but the diagonal in its row, the pivot is the diagonal itself: zero stays exactly zero.
            for (int j = 0; j < n; j++) a[(pivot * n) + j] = a[(j * n) + pivot] = 0;
            a[(pivot * n) + pivot] = bad;
            foreach (IKernels k in family.SetsAndThreads)
            {
                using var buffer = new GuardedBuffer<double>(a);
                Assert.Equal(pivot, k.CholeskyFactor(n, buffer.Block, n));
                buffer.AssertUntouchedOutside();
            }
        }
    }

    [Fact]
    public void EveryRunGivesTheSameBits()
    {
        const int N = 333, Columns = 70;
        double[] a = SymmetricMatrix.PositiveDefinite(N, 1), b = [.. SymmetricMatrix.PositiveDefinite(N, 2).Take(N * Columns)];
        foreach (IKernels k in family.Sets)
        {
            double[]? factor = null, inverse = null, solution = null;
            for (int run = 0; run < 2; run++)
            {
                using var buffer = new GuardedBuffer<double>(a, guardBefore: run == 1);
                using var right = new GuardedBuffer<double>(b);
                k.CholeskyFactor(N, buffer.Block, N);
                Same(ref factor, buffer.Span, "factor");
                k.CholeskySolve(N, buffer.Block, N, Columns, right.Block, Columns);
                Same(ref solution, right.Span, "solution");
                k.CholeskyInverse(N, buffer.Block, N);
                Same(ref inverse, buffer.Span, "inverse");
            }
        }

        static void Same(ref double[]? before, Span<double> now, string what)
        {
            if (before is not null) Everywhere.AssertSame<double>(before, now, what);
            before = now.ToArray();
        }
    }

    [Fact]
    public void RankDeficientByOneIsFoundAtItsLastColumn()
    {
        // B·Bᵀ with small whole numbers is exact; its last row repeats the first, so every pivot before the last is positive.
        const int N = 40;
        var random = new Random(4);
        double[] b = [.. Enumerable.Range(0, N * N).Select(_ => (double)random.Next(-3, 4))];
        for (int i = 0; i < N; i++) b[(i * N) + i] += 20;
        Array.Copy(b, 0, b, (N - 1) * N, N);
        double[] a = SymmetricMatrix.MultiplyTransposed(N, b, b);
        a[^1] -= 1;
        foreach (IKernels k in family.SetsAndThreads)
        {
            using var buffer = new GuardedBuffer<double>(a);
            Assert.Equal(N - 1, k.CholeskyFactor(N, buffer.Block, N));
        }
    }
}

public sealed class CholeskyTestsOnCpu() : CholeskyTests(KernelFamily.Cpu);

public sealed class CholeskyTestsOnGpu() : CholeskyTests(KernelFamily.Gpu);
