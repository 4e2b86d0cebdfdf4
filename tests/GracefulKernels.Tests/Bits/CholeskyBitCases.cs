using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Cholesky: within a step, a panel, and over several.</summary>
internal static class CholeskyBitCases
{
    private static readonly int[] Orders = [1, 13, 47, 49, 193, 400];

    public static IEnumerable<BitCase> All =>
    [
        .. from n in Orders select Factor(n),
        .. from n in Orders select Inverse(n),
        .. from n in Orders select Solve(n, columns: (n * 7 % 65) + 1),
        .. from s in new[] { (3, 1), (5, 33), (2, 100), (4, 200) } select Batch(nameof(IKernels.CholeskyFactorBatch), s.Item1, s.Item2, inverse: false),
        .. from s in new[] { (3, 1), (5, 33), (2, 100), (4, 200) } select Batch(nameof(IKernels.CholeskyInverseBatch), s.Item1, s.Item2, inverse: true),
    ];

    public static double[] Uniform(int seed, long count)
    {
        var random = new Random(seed);
        double[] values = new double[count];
        for (long i = 0; i < count; i++) values[i] = (random.NextDouble() * 2) - 1;
        return values;
    }

    public static BitCase Factor(int n) => new(nameof(IKernels.CholeskyFactor), $"{n}", (kernels, o)
        => o.Returns(kernels.CholeskyFactor(n, o.Output(Dominant(n, n + 1)), n + 1)));

    public static BitCase Inverse(int n) => new(nameof(IKernels.CholeskyInverse), $"{n}", (kernels, o) =>
    {
        Block<double> a = o.Output(Dominant(n, n + 1));
        kernels.CholeskyFactor(n, a, n + 1);
        kernels.CholeskyInverse(n, a, n + 1);
    });

    public static BitCase Solve(int n, int columns) => new(nameof(IKernels.CholeskySolve), $"{n} {columns}", (kernels, o) =>
    {
        Block<double> a = o.Output(Dominant(n, n + 1)), b = o.Output(Uniform(2, ((n - 1) * (columns + 3L)) + columns));
        kernels.CholeskyFactor(n, a, n + 1);
        kernels.CholeskySolve(n, a, n + 1, columns, b, columns + 3);
    });

    public static BitCase Batch(string method, int count, int n, bool inverse) => new(method, $"{count} of {n}", (kernels, o) =>
    {
        double[] one = Dominant(n, n);
        Block<double> a = o.Output<double>([.. Enumerable.Range(0, count).SelectMany(_ => one)]);
        kernels.CholeskyFactorBatch(count, n, a, n, one.Length, o.Output(new int[count]));
        if (inverse) kernels.CholeskyInverseBatch(count, n, a, n, one.Length);
    });

    /// <summary>Symmetric, with a diagonal above the sum of each row.</summary>
    private static double[] Dominant(int n, int ld)
    {
        double[] a = Uniform(n, ((n - 1L) * ld) + n);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++) a[(j * ld) + i] = a[(i * ld) + j];
            a[(i * ld) + i] = n + 1;
        }
        return a;
    }
}
