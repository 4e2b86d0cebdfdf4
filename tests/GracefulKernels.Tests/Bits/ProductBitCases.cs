using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Products: every storage, several blocks of the inner dimension, slices of it, one and many chunks.</summary>
internal static class ProductBitCases
{
    private static readonly (int M, int N, int K)[] Shapes =
    [
        (1, 1, 1), (7, 5, 3), (37, 70, 33), (1, 1000, 64), (401, 16, 144), (129, 385, 500), (14, 300, 600), (33, 41, 9001), (300, 33, 0),
    ];

    public static IEnumerable<BitCase> All =>
    [
        .. from s in Shapes
           from ta in new[] { false, true }
           from tb in new[] { false, true }
           from beta in new[] { 0f, 0.5f }
           where s.K < 1000 || (ta == tb && beta == 0)
           select Gemm(s.M, s.N, s.K, ta, tb, beta),
        .. from s in Shapes
           from tb in new[] { false, true }
           where s.K is > 0 and < 1000
           select Pair(s.M, s.N, s.K, tb),
        .. from s in new[] { (1, 1), (7, 3), (70, 37), (200, 300), (333, 129), (33, 5000) }
           from transpose in new[] { false, true }
           select Syrk(s.Item1, s.Item2, transpose),
        .. from s in new[] { (1, 1), (5, 33), (700, 17), (1500, 70), (4100, 33) }
           from homogeneous in new[] { false, true }
           select Covariance(s.Item1, s.Item2, homogeneous),
        .. from s in new[] { (1, 1, 1), (5, 33, 70), (33, 5, 1100), (70, 129, 513), (600, 530, 40), (3, 7, 0) }
           from same in new[] { false, true }
           select Gram(s.Item1, s.Item2, s.Item3, same),
        .. from s in new[] { (1, 1), (3, 5), (33, 70), (70, 33), (64, 289), (300, 145) }
           from left in new[] { false, true }
           select Kronecker(s.Item1, s.Item2, left),
        .. from n in new[] { 1, 9, 33, 200, 400 } select Damp(n),
        .. from n in new[] { 1, 9, 33, 200, 400 } select Trace(n),
    ];

    public static BitCase Gemm(int m, int n, int k, bool ta, bool tb, float beta) => new(nameof(IKernels.Gemm), $"{m}x{n}x{k} {ta} {tb} {beta}", (kernels, o) =>
    {
        var shape = new GemmShape(m, n, k, ta, tb, (ta ? m : k) + 3, (tb ? k : n) + 5, n + 1);
        Block<float> a = o.Input(1, Stored(ta ? k : m, ta ? m : k, shape.LdA)), b = o.Input(2, Stored(tb ? n : k, tb ? k : n, shape.LdB));
        Block<float> c = o.Updated(3, Stored(m, n, shape.LdC));
        var epilogue = new Epilogue
        {
            Bias = o.Input(4, n),
            Addend = beta == 0 ? default : o.Input(5, (long)m * n),
            Activation = EpilogueActivation.LeakyRelu,
            Mask = o.Output(new ushort[m * ((n + 15) / 16)]),
            Slope = 0.01f,
        };
        kernels.Gemm(shape, 1.25f, a, b, beta, c, beta == 0 ? default : epilogue);
    });

    public static BitCase Pair(int m, int n, int k, bool tb) => new(nameof(IKernels.GemmPair), $"{m}x{n}x{k} {tb}", (kernels, o) =>
    {
        long left = (long)m * k, right = (long)k * n;
        kernels.GemmPair(
            new GemmShape(m, n, k, false, tb), o.Input(1, left), o.Input(2, right), o.Input(3, left), o.Input(4, right), 1f, o.Updated(5, (long)m * n), default);
    });

    public static BitCase Syrk(int n, int k, bool transpose) => new(nameof(IKernels.Syrk), $"{n}x{k} {transpose}", (kernels, o) =>
    {
        int ld = (transpose ? n : k) + 3, ldc = n + 2;
        kernels.Syrk(transpose, n, k, 0.75f, o.Input(1, Stored(transpose ? k : n, transpose ? n : k, ld)), ld, 0.5f, o.Updated(2, Stored(n, n, ldc)), ldc);
    });

    public static BitCase Covariance(int rows, int features, bool homogeneous) => new(nameof(IKernels.Covariance), $"{rows}x{features} {homogeneous}", (kernels, o) =>
    {
        int d = homogeneous ? features + 1 : features;
        double[] sum = new double[d * d];
        Array.Fill(sum, 1.5);
        kernels.Covariance(rows, features, o.Input(1, (long)rows * features), homogeneous, o.Output(sum));
    });

    public static BitCase Gram(int m, int n, int k, bool same) => new(nameof(IKernels.GramProduct), $"{m}x{n}x{k} {same}", (kernels, o) =>
    {
        int columns = same ? m : n, ldX = k + 3, ldY = same ? ldX : k + 4, ldSum = columns + 2;
        double[] sum = new double[Stored(m, columns, ldSum)];
        Array.Fill(sum, 1.5);
        Block<float> x = o.Input(1, k == 0 ? 0 : Stored(m, k, ldX)), y = same ? x : o.Input(2, k == 0 ? 0 : Stored(n, k, ldY));
        kernels.GramProduct(m, columns, k, x, ldX, y, ldY, o.Output(sum), ldSum);
    });

    public static BitCase Kronecker(int rows, int columns, bool left) => new(nameof(IKernels.KroneckerApply), $"{rows}x{columns} {left}", (kernels, o) =>
    {
        long length = (long)rows * columns;
        Block<float> l = left ? o.Input(1, (long)rows * rows) : default;
        kernels.KroneckerApply(rows, columns, l, o.Input(2, (long)columns * columns), o.Input(3, length), o.Workspace<float>(length), o.Output(length));
    });

    public static BitCase Damp(int n) => new(nameof(IKernels.Damp), $"{n}", (kernels, o)
        => kernels.Damp(n, 0.37, 1e-3, o.Input(CholeskyBitCases.Uniform(n, (long)n * n)), o.Output(new double[n * n])));

    public static BitCase Trace(int n) => new(nameof(IKernels.Trace), $"{n}", (kernels, o)
        => o.Returns(kernels.Trace(n, o.Input(CholeskyBitCases.Uniform(n, (long)n * n)))));

    private static long Stored(int rows, int columns, int ld) => rows == 0 ? 0 : ((long)(rows - 1) * ld) + columns;
}
