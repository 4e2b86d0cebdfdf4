using BenchmarkDotNet.Attributes;

namespace GracefulKernels.Benchmarks;

/// <summary>Eigenvectors of symmetric matrices. They take the place of the matrix, so each call needs its operand restored before.</summary>
public class SymmetricEigenBenchmarks() : RoomBenchmarks("eigen")
{
    [IterationSetup]
    public void Restore() => Operands.Reset!();
}
