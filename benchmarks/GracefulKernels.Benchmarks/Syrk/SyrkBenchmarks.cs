namespace GracefulKernels.Benchmarks;

/// <summary>Symmetric products.</summary>
public class SyrkBenchmarks() : RoomBenchmarks("syrk");
