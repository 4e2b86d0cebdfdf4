using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Matrix products: the square ones of BLAS tables, and the tall ones that convolutions are.</summary>
internal static class GemmCases
{
    public static IReadOnlyList<BenchCase> All { get; } = [.. Square(), .. Tall(), .. Small()];

    private static IEnumerable<BenchCase> Square()
    {
        foreach ((int m, int n, int k) in new[]
        {
            (512, 512, 512), (1024, 1024, 1024), (2016, 2016, 2016), (2048, 2048, 2048), (512, 4608, 4608),
        })
        {
            yield return Case("gemm-nn", new GemmShape(m, n, k), quick: k <= 1024);
            yield return Case("gemm-nt", new GemmShape(m, n, k, transposeB: true), quick: k <= 512);
            yield return Case("gemm-tn", new GemmShape(m, n, k, transposeA: true), quick: k <= 512);
        }
    }

    private static IEnumerable<BenchCase> Tall()
    {
        foreach ((int m, int n, int k) in new[]
        {
            (50176, 64, 576), (12544, 128, 1152), (3136, 256, 2304), (784, 512, 4608), (1_000_000, 64, 64), (1_000_000, 16, 16),
        })
        {
            yield return Case("gemm-tall", new GemmShape(m, n, k), quick: m is 50176 or 3136);
        }
    }

    // So small that all the time is overhead.
    private static IEnumerable<BenchCase> Small()
    {
        yield return Case("gemm-small", new GemmShape(8, 8, 8), quick: true);
        yield return Case("gemm-small", new GemmShape(1, 64, 64), quick: true);
    }

    public static BenchCase Case(string kernel, GemmShape shape, bool quick)
    {
        (double m, double n, double k) = (shape.M, shape.N, shape.K);
        WorkCount work = new() { Flops = 2 * m * n * k, BytesRead = 4 * ((m * k) + (k * n)), BytesWritten = 4 * m * n };
        return new BenchCase(kernel, $"{shape.M}x{shape.N}x{shape.K}", shape, work, (kernels, operands) =>
        {
            Block<float> a = operands.Input((long)shape.M * shape.K);
            Block<float> b = operands.Input((long)shape.K * shape.N);
            Block<float> c = operands.Output((long)shape.M * shape.N);
            operands.Run = () => kernels.Gemm(shape, 1, a, b, 0, c, default);
        })
        { Quick = quick };
    }
}
