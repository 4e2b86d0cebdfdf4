namespace GracefulKernels.Benchmarks;

/// <summary>Covariances of patches.</summary>
public class PatchCovarianceBenchmarks() : RoomBenchmarks("covariance");
