using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The primal state of up to <see cref="Capacity"/> samples.</summary>
internal sealed class PrimalState : IDisposable
{
    private readonly DeviceMemory _memory;

    public PrimalState(StateLayout layout, IKernels kernels, int capacity)
    {
        Capacity = capacity;
        _memory = kernels.Allocate(layout.BytesPerSample * capacity);
        Values = _memory.AsBlock<float>().Slice(0, layout.ValueLength * capacity);
        Words = _memory.AsBlock<ushort>().Slice(2 * Values.Length);
    }

    public int Capacity { get; }

    public Block<float> Values { get; }

    public Block<ushort> Words { get; }

    public void Dispose() => _memory.Dispose();
}
