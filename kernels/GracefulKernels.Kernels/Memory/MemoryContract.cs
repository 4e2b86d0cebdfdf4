namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>New memory on this device, not cleared. Throws <see cref="OutOfMemoryException"/> with the size asked for.</summary>
    DeviceMemory Allocate(long byteLength);

    /// <summary>Copies host elements into <paramref name="destination"/> (same length).</summary>
    void Upload<T>(ReadOnlySpan<T> source, Block<T> destination) where T : unmanaged;

    /// <summary>Copies <paramref name="source"/> to the host (same length), after all work on it is done.</summary>
    void Download<T>(Block<T> source, Span<T> destination) where T : unmanaged;

    /// <summary>Device-to-device copy (same length, not overlapping).</summary>
    void Copy<T>(Block<T> source, Block<T> destination) where T : unmanaged;

    /// <summary>Clears every byte.</summary>
    void Zero<T>(Block<T> destination) where T : unmanaged;
}
