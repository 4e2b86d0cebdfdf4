using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Uploads to this size go through page-locked memory and return at once; larger ones wait for their copy.</summary>
    private const int RingBytes = 1 << 20;

    private PageLockedArray1D<byte>? _ring;
    private int _ringUsed;

    public DeviceMemory Allocate(long byteLength)
    {
        using GpuCall call = Begin();
        return new GpuMemory(this, _pool, byteLength);
    }

    /// <summary>
    /// Memory of this device that someone else owns and keeps: an address (CUDA) or a <c>cl_mem</c> (OpenCL). The work that filled it must be done.
    /// </summary>
    /// <exception cref="ArgumentException">No address, no bytes, or an address that is not a multiple of 16.</exception>
    /// <exception cref="PlatformNotSupportedException">The device is neither CUDA nor OpenCL.</exception>
    public DeviceMemory Wrap(nint pointer, long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pointer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(byteLength);
        if (_accelerator.AcceleratorType == AcceleratorType.CPU) throw new PlatformNotSupportedException($"{Title} has no memory of others.");
        if (_accelerator.AcceleratorType == AcceleratorType.Cuda) CheckAddress(pointer);
        using GpuCall call = Begin();
        return new GpuMemory(this, new ExternalBuffer(_accelerator, pointer, byteLength));
    }

    /// <exception cref="ArgumentException">The address is not a multiple of 16.</exception>
    internal static void CheckAddress(nint pointer)
    {
        if ((pointer & 15) != 0) throw new ArgumentException($"pointer is 0x{pointer:x}; expected a multiple of 16 bytes, in which elements are loaded.", nameof(pointer));
    }

    public unsafe void Upload<T>(ReadOnlySpan<T> source, Block<T> destination) where T : unmanaged
    {
        Debug.Assert(source.Length == destination.Length);
        if (source.IsEmpty) return;
        using GpuCall call = Begin();
        ArrayView<T> view = call.Write(destination);
        fixed (T* pinned = source) UploadView((nint)pinned, (long)source.Length * sizeof(T), view.Cast<byte>());
    }

    public void Download<T>(Block<T> source, Span<T> destination) where T : unmanaged
    {
        Debug.Assert(source.Length == destination.Length);
        if (destination.IsEmpty) return;
        using GpuCall call = Begin();
        call.Fetch(call.Read(source), destination);
    }

    public void Copy<T>(Block<T> source, Block<T> destination) where T : unmanaged
    {
        Debug.Assert(source.Length == destination.Length);
        if (source.IsEmpty) return;
        using GpuCall call = Begin();
        ArrayView<T> from = call.Read(source), to = call.Write(destination);
        Guarded("a copy", () => from.CopyTo(_stream, to));
    }

    public void Zero<T>(Block<T> destination) where T : unmanaged
    {
        if (destination.IsEmpty) return;
        using GpuCall call = Begin();
        ArrayView<T> view = call.Write(destination);
        Guarded("clearing memory", () => view.Cast<byte>().MemSetToZero(_stream));
    }

    /// <summary>
    /// Small uploads are copied to page-locked memory, from which the device takes them in its own time. Where that is full, the device is
    /// waited for: only then may its beginning be written again.
    /// </summary>
    private unsafe void UploadView(nint source, long bytes, ArrayView<byte> destination)
    {
        if (bytes > RingBytes / 4)
        {
            Guarded("an upload", () => destination.CopyFromCPU(_stream, ref *(byte*)source, bytes));
            return;
        }
        Guarded("an upload", () =>
        {
            _ring ??= _accelerator.AllocatePageLocked1D<byte>(RingBytes, uninitialized: true);
            if (_ringUsed + bytes > RingBytes)
            {
                _stream.Synchronize();
                _ringUsed = 0;
            }
            Span<byte> slot = _ring.Span.Slice(_ringUsed, (int)bytes);
            new ReadOnlySpan<byte>((void*)source, (int)bytes).CopyTo(slot);
            destination.CopyFromCPUUnsafeAsync(_stream, ref slot[0], bytes);
            _ringUsed += (int)((bytes + 255) & ~255L);
        });
    }
}
