using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Shapes that only a GPU has the memory and the speed for.</summary>
internal static class DeviceCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        GemmCases.Case("gemm-nn", new GemmShape(4096, 4096, 4096), quick: false),
        FlipCases.FromLogits(new(262144, 1000), quick: false),
        RowLossCases.CrossEntropyKl(65536, 1000),
        RowLossCases.CrossEntropyKl(8192, 32000),
        FactorCases.ResNet50Factors(batch: 64),
        FactorCases.ResNet50Inverses(),
        IterationCases.Iteration(samples: 50_000, batchSize: 1000),
    ];
}
