using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>The best k of a gallery for many queries: a product whose result is looked at and thrown away.</summary>
internal static class SearchCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        Case(new(1000, 100_000, 128, 10), quick: true),
        Case(new(1000, 100_000, 128, 100), quick: false),
        Case(new(1000, 100_000, 128, 2048), quick: false),
        Case(new(1, 100_000, 128, 10), quick: false),
        Case(new(256, 50_000, 512, 10), quick: false),
    ];

    public static BenchCase Case(TopKShape shape, bool quick)
    {
        double queries = (double)shape.Queries * shape.Width, gallery = (double)shape.Gallery * shape.Width, results = (double)shape.Queries * shape.K;
        WorkCount work = new() { Flops = 2 * queries * shape.Gallery, BytesRead = 4 * (queries + gallery), BytesWritten = 8 * results };
        return new BenchCase("search", $"{shape.Queries}x{shape.Gallery}x{shape.Width} k{shape.K}", shape, work, (kernels, operands) =>
        {
            Block<float> q = operands.Input((long)queries), x = operands.Input((long)gallery);
            Block<int> indices = operands.Allocate<int>((long)results);
            Block<float> scores = operands.Output((long)results);
            operands.Run = () => kernels.TopK(shape, q, x, default, default, indices, scores);
        })
        { Quick = quick };
    }
}
