namespace GracefulKernels.Benchmarks;

/// <summary>Vectors and activations.</summary>
public class VectorBenchmarks() : RoomBenchmarks("vector");
