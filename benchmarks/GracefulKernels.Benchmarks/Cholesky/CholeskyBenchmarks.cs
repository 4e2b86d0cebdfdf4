using BenchmarkDotNet.Attributes;

namespace GracefulKernels.Benchmarks;

/// <summary>Cholesky factor and inverse. Both work in place, so each call needs its operand restored before.</summary>
public class CholeskyBenchmarks() : RoomBenchmarks("cholesky")
{
    [IterationSetup]
    public void Restore() => Operands.Reset!();
}
