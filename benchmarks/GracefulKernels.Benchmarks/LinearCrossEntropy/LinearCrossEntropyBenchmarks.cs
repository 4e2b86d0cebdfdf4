namespace GracefulKernels.Benchmarks;

/// <summary>Linear + cross-entropy in one operation.</summary>
public class LinearCrossEntropyBenchmarks() : RoomBenchmarks("linear");
