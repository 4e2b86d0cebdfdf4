using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The primal state of up to <see cref="Capacity"/> samples.</summary>
internal sealed unsafe class PrimalState : IDisposable
{
    private readonly DeviceMemory? _memory;

    public PrimalState(StateLayout layout, IKernels kernels, int capacity)
    {
        Capacity = capacity;
        _memory = kernels.Allocate(layout.BytesPerSample * capacity);
        Bytes = _memory.AsBlock<byte>().Slice(0, layout.BytesPerSample * capacity);
        Values = _memory.AsBlock<float>().Slice(0, layout.ValueLength * capacity);
        Words = _memory.AsBlock<ushort>().Slice(2 * Values.Length);
    }

    /// <summary>A state in the host's memory that someone else keeps, to be read alone.</summary>
    public PrimalState(StateLayout layout, byte* memory, int capacity)
    {
        Capacity = capacity;
        Bytes = new Block<byte>(memory, layout.BytesPerSample * capacity);
        Values = new Block<float>((float*)memory, layout.ValueLength * capacity);
        Words = new Block<ushort>((ushort*)(memory + (Values.Length * sizeof(float))), layout.WordLength * capacity);
    }

    public int Capacity { get; }

    public Block<float> Values { get; }

    public Block<ushort> Words { get; }

    /// <summary>All of it.</summary>
    public Block<byte> Bytes { get; }

    public void Dispose() => _memory?.Dispose();
}
