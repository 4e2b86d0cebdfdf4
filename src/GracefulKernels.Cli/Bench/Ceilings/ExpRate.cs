using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Rate of the library's own exponential.</summary>
internal static class ExpRate
{
    public static double? Gps(CpuTarget target, Workers workers, MeasureTime time) => null;
}
