using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>What to measure.</summary>
internal sealed record BenchOptions
{
    /// <summary>A glob on "kernel shape"; null measures all.</summary>
    public string? Filter { get; init; }

    /// <summary>Numbers of threads, each measured in turn.</summary>
    public IReadOnlyList<int> Threads { get; init; } = [1];

    /// <summary>A GPU or another OpenCL device by name; null measures the processor.</summary>
    public string? Device { get; init; }

    /// <summary>How the device computes.</summary>
    public GpuOptions? Gpu { get; init; }

    public CpuTarget Target { get; init; }

    public bool Quick { get; init; }
}
