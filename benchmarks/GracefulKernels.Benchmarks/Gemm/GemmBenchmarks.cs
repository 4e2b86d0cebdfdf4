namespace GracefulKernels.Benchmarks;

/// <summary>Matrix products.</summary>
public class GemmBenchmarks() : RoomBenchmarks("gemm");
