using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Matrices of one order that are factored and inverted together.</summary>
internal sealed record CholeskyBatchShape(int Count, int N);

/// <summary>fp64 Cholesky factor (potrf) and inverse from it (potri), of sizes that Kronecker factors have.</summary>
internal static class CholeskyCases
{
    private static readonly int[] Sizes = [576, 1152, 2304, 4608];

    public static IReadOnlyList<BenchCase> All { get; } = [.. Sizes.Select(Factor), .. Sizes.Select(Inverse), Batch(16, 576)];

    /// <summary>A symmetric matrix of random numbers in [−1, 1] with a diagonal that makes it positive definite.</summary>
    public static void FillPositiveDefinite(Block<double> a, int n)
    {
        RandomData.Fill(a, -1, 1);
        Span<double> rows = a.Span;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++) rows[(j * n) + i] = rows[(i * n) + j];
            // Row sums of magnitudes stay below n: diagonally dominant.
            rows[(i * n) + i] = n + 1;
        }
    }

    private static BenchCase Factor(int n)
    {
        WorkCount work = new() { Flops = (double)n * n * n / 3, Fp64 = true, BytesRead = 4.0 * n * n, BytesWritten = 4.0 * n * n };
        return new BenchCase("cholesky-factor", $"{n}", n, work, (kernels, operands) =>
        {
            Block<double> original = operands.Filled<double>((long)n * n, b => FillPositiveDefinite(b, n));
            Block<double> a = operands.Sum((long)n * n);
            operands.Reset = () => kernels.Copy(original, a);
            operands.Run = () => Factor(kernels, n, a);
        })
        { Quick = n <= 1152 };
    }

    private static BenchCase Inverse(int n)
    {
        WorkCount work = new() { Flops = 2.0 * n * n * n / 3, Fp64 = true, BytesRead = 4.0 * n * n, BytesWritten = 8.0 * n * n };
        return new BenchCase("cholesky-inverse", $"{n}", n, work, (kernels, operands) =>
        {
            Block<double> factor = operands.Filled<double>((long)n * n, b => FillPositiveDefinite(b, n));
            Factor(kernels, n, factor);
            Block<double> a = operands.Sum((long)n * n);
            operands.Reset = () => kernels.Copy(factor, a);
            operands.Run = () => kernels.CholeskyInverse(n, a, n);
        })
        { Quick = n <= 576 };
    }

    /// <summary>Factor and inverse of several matrices of one order, as a preconditioner takes them.</summary>
    private static BenchCase Batch(int count, int n)
    {
        long length = (long)n * n;
        WorkCount work = new() { Flops = (double)count * length * n, Fp64 = true, BytesRead = 8.0 * count * length, BytesWritten = 8.0 * count * length };
        return new BenchCase("cholesky-batch", $"{count}x{n}", new CholeskyBatchShape(count, n), work, (kernels, operands) =>
        {
            Block<double> original = operands.Filled<double>(count * length, b =>
            {
                for (int i = 0; i < count; i++) FillPositiveDefinite(b.Slice(i * length, length), n);
            });
            Block<double> a = operands.Sum(count * length);
            Block<int> pivots = operands.Allocate<int>(count);
            operands.Reset = () => kernels.Copy(original, a);
            operands.Run = () =>
            {
                kernels.CholeskyFactorBatch(count, n, a, n, length, pivots);
                if (operands.Read(pivots).AsSpan().ContainsAnyExcept(-1)) throw new InvalidOperationException("a pivot of a positive definite matrix is not positive");
                kernels.CholeskyInverseBatch(count, n, a, n, length);
            };
        })
        { Quick = true };
    }

    private static void Factor(IKernels kernels, int n, Block<double> a)
    {
        int failed = kernels.CholeskyFactor(n, a, n);
        if (failed >= 0) throw new InvalidOperationException($"pivot {failed} of a positive definite matrix is not positive");
    }
}
