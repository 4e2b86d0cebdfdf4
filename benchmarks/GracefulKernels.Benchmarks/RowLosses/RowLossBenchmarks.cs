namespace GracefulKernels.Benchmarks;

/// <summary>Losses over rows of logits.</summary>
public class RowLossBenchmarks() : RoomBenchmarks("rowloss");
