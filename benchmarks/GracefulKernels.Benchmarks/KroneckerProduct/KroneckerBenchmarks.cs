namespace GracefulKernels.Benchmarks;

/// <summary>Two-sided Kronecker apply.</summary>
public class KroneckerBenchmarks() : RoomBenchmarks("kronecker");
