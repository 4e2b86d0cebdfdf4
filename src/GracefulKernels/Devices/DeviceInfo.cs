namespace GracefulKernels;

/// <summary>A device that is here.</summary>
/// <param name="Name">What <see cref="ComputeDevice.Open"/> takes: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:0</c>.</param>
/// <param name="Kind">What runs its kernels.</param>
/// <param name="Model">What the driver calls it; empty where that is not known.</param>
/// <param name="MemoryBytes">Size of its memory in bytes; for the processor, what this process may use.</param>
/// <param name="ComputeUnits">Cores, streaming multiprocessors or compute units.</param>
/// <param name="IsGpu">Whether it is a GPU; an OpenCL device may be the processor once more.</param>
public sealed record DeviceInfo(string Name, DeviceKind Kind, string Model, long MemoryBytes, int ComputeUnits, bool IsGpu);
