namespace GracefulKernels.Benchmarks;

/// <summary>Convolutions: forward, both gradients, JVP.</summary>
public class ConvolutionBenchmarks() : RoomBenchmarks("conv");
