using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Matrices of one order whose eigenvectors are wanted together.</summary>
internal sealed record EigenBatchShape(int Count, int N);

/// <summary>fp64 eigenvalues and eigenvectors (syevd), of orders that Kronecker factors have.</summary>
internal static class SymmetricEigenCases
{
    private static readonly int[] Sizes = [64, 145, 289, 577, 1152, 2304];

    public static IReadOnlyList<BenchCase> All { get; } = [.. Sizes.Select(One), Batch(16, 145)];

    /// <summary>
    /// Of a symmetric matrix of random numbers in [−1, 1], where hardly anything is put aside: 4/3 n³ operations for the tridiagonal form, as many for its
    /// vectors, 2 n³ for their way back, a multiplication and an addition each.
    /// </summary>
    private static double Flops(double n) => 14.0 / 3 * n * n * n;

    private static BenchCase One(int n)
    {
        WorkCount work = new() { Flops = Flops(n), Fp64 = true, BytesRead = 4.0 * n * n, BytesWritten = 8.0 * n * n };
        return new BenchCase("eigen-symmetric", $"{n}", n, work, (kernels, operands) =>
        {
            Block<double> original = operands.Filled<double>((long)n * n, b => RandomData.Fill(b, -1, 1)), a = operands.Sum((long)n * n), values = operands.Sum(n);
            operands.Reset = () => kernels.Copy(original, a);
            operands.Run = () => kernels.SymmetricEigen(n, a, values);
        })
        { Quick = n <= 577 };
    }

    private static BenchCase Batch(int count, int n)
    {
        long length = (long)n * n;
        WorkCount work = new() { Flops = count * Flops(n), Fp64 = true, BytesRead = 4.0 * count * length, BytesWritten = 8.0 * count * length };
        return new BenchCase("eigen-batch", $"{count}x{n}", new EigenBatchShape(count, n), work, (kernels, operands) =>
        {
            Block<double> original = operands.Filled<double>(count * length, b => RandomData.Fill(b, -1, 1));
            Block<double> a = operands.Sum(count * length), values = operands.Sum((long)count * n);
            operands.Reset = () => kernels.Copy(original, a);
            operands.Run = () => kernels.SymmetricEigenBatch(count, n, a, length, values);
        })
        { Quick = true };
    }
}
