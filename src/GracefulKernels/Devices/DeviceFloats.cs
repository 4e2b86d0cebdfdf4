using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>A run of floats in device memory that owns it; zero at first.</summary>
internal sealed class DeviceFloats : IDisposable
{
    private readonly DeviceMemory _memory;

    public DeviceFloats(IKernels kernels, long length)
    {
        _memory = kernels.Allocate(length * sizeof(float));
        Block = _memory.AsBlock<float>();
        kernels.Zero(Block);
    }

    public DeviceFloats(IKernels kernels, ReadOnlySpan<float> values) : this(kernels, values.Length) => kernels.Upload(values, Block);

    public Block<float> Block { get; }

    public void Dispose() => _memory.Dispose();
}
