using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Eigenvectors: orders of one leaf, of one merge and of several, with one and several panels of the tridiagonal form.</summary>
internal static class SymmetricEigenBitCases
{
    public static IEnumerable<BitCase> All =>
    [
        .. from n in new[] { 1, 2, 13, 32, 33, 65, 145, 193 } select One(n),
        .. from s in new[] { (3, 1), (5, 33), (2, 100), (5, 64) } select Batch(s.Item1, s.Item2),
    ];

    private static BitCase One(int n) => new(nameof(IKernels.SymmetricEigen), $"{n}", (kernels, o)
        => kernels.SymmetricEigen(n, o.Output(CholeskyBitCases.Uniform(n, (long)n * n)), o.Output(new double[n])));

    private static BitCase Batch(int count, int n) => new(nameof(IKernels.SymmetricEigenBatch), $"{count} of {n}", (kernels, o) =>
    {
        long stride = ((long)n * n) + 3;
        kernels.SymmetricEigenBatch(count, n, o.Output(CholeskyBitCases.Uniform(n, ((count - 1) * stride) + ((long)n * n))), stride, o.Output(new double[count * n]));
    });
}
