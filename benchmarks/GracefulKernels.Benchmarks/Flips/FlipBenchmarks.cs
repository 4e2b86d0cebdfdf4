namespace GracefulKernels.Benchmarks;

/// <summary>Flips from logits and from packed bits.</summary>
public class FlipBenchmarks() : RoomBenchmarks("flips");
