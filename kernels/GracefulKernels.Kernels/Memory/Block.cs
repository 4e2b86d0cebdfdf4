using System.Diagnostics;

namespace GracefulKernels.Kernels;

/// <summary>
/// A run of elements in device memory: what every operation of the contract takes. It owns nothing. A block over a pinned span
/// has no <see cref="Memory"/>; its address alone names it, so callers' memory enters without a copy and without an allocation.
/// </summary>
internal readonly unsafe struct Block<T> where T : unmanaged
{
    public Block(DeviceMemory? memory, nint address, long length)
    {
        Memory = memory;
        Address = address;
        Length = length;
    }

    /// <summary>A block over host memory that the caller keeps pinned.</summary>
    public Block(T* pointer, long length) : this(null, (nint)pointer, length) { }

    /// <summary>The allocation this lies in; null over a caller's pinned host memory.</summary>
    public DeviceMemory? Memory { get; }

    /// <summary>An address on the host; a byte offset into <see cref="Memory"/> on other devices.</summary>
    public nint Address { get; }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    public bool IsEmpty => Length == 0;

    /// <summary>The first element, on the host.</summary>
    public T* Pointer => (T*)Address;

    /// <summary>The elements as a span, on the host.</summary>
    public Span<T> Span => new(Pointer, checked((int)Length));

    public Block<T> Slice(long offset, long length)
    {
        Debug.Assert(offset >= 0 && length >= 0 && offset + length <= Length);
        return new Block<T>(Memory, Address + (nint)(offset * sizeof(T)), length);
    }

    /// <summary>Whether both begin at the same element: of one allocation, or of the host's memory.</summary>
    public bool BeginsWith(Block<T> other) => ReferenceEquals(Memory, other.Memory) && Address == other.Address;

    public Block<T> Slice(long offset) => Slice(offset, Length - offset);
}
