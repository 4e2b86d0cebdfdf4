using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

/// <summary>Memory of a GPU set: a buffer of its pool, or an external pointer that someone else owns.</summary>
internal sealed class GpuMemory : DeviceMemory
{
    private readonly BufferPool? _pool;
    private MemoryBuffer? _buffer;

    /// <summary>A buffer of a pool, which gets it back.</summary>
    public GpuMemory(GpuKernels owner, BufferPool pool, long byteLength) : base(byteLength)
    {
        Owner = owner;
        _pool = pool;
        _buffer = pool.Rent(byteLength);
    }

    /// <summary>Memory that stays its owner's.</summary>
    public GpuMemory(GpuKernels owner, MemoryBuffer external) : base(external.LengthInBytes)
    {
        Owner = owner;
        _buffer = external;
    }

    ~GpuMemory() => Dispose(disposing: false);

    /// <summary>The set whose device this lies on.</summary>
    public GpuKernels Owner { get; }

    public MemoryBuffer Buffer => _buffer ?? throw new ObjectDisposedException(nameof(GpuMemory));

    /// <summary>Blocks of device memory count from its beginning.</summary>
    public override nint BaseAddress => 0;

    /// <summary>CUDA's addresses are one space a device: memory of others may be borrowed twice. Elsewhere an allocation is a space of its own.</summary>
    public override nint Locate(nint address, out object? space)
    {
        bool addressed = Owner.Accelerator.AcceleratorType == AcceleratorType.Cuda;
        space = addressed ? Owner : this;
        return addressed ? Buffer.NativePtr + address : address;
    }

    protected override void Dispose(bool disposing)
    {
        MemoryBuffer? buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null) _pool?.Return(buffer);
    }
}
