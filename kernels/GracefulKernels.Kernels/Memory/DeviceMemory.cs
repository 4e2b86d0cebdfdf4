namespace GracefulKernels.Kernels;

/// <summary>One allocation in the memory of one device. Freed by <see cref="Dispose()"/>, or by the finalizer of what holds it.</summary>
internal abstract class DeviceMemory : IDisposable
{
    protected DeviceMemory(long byteLength) => ByteLength = byteLength;

    /// <summary>Size in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Where the allocation begins: an address on the host, a byte offset of 0 elsewhere.</summary>
    public abstract nint BaseAddress { get; }

    /// <summary>Where a block's address is among addresses that can be compared: of the host where <paramref name="space"/> is null, else of that one.</summary>
    public virtual nint Locate(nint address, out object? space)
    {
        space = this;
        return address;
    }

    /// <summary>The whole allocation as elements of <typeparamref name="T"/>.</summary>
    public unsafe Block<T> AsBlock<T>() where T : unmanaged => new(this, BaseAddress, ByteLength / sizeof(T));

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
