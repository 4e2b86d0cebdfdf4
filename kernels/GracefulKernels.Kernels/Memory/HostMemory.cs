using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>Native host memory aligned to a cache line, so that no 64-byte vector straddles two.</summary>
internal sealed unsafe class HostMemory : DeviceMemory
{
    public const int Alignment = 64;

    private static long _allocated;

    private readonly long _pressure;
    private void* _pointer;

    /// <summary>Bytes of native memory that were ever taken in this process: constant once a step has run.</summary>
    public static long AllocatedBytes => Interlocked.Read(ref _allocated);

    public HostMemory(long byteLength) : base(byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteLength);
        try
        {
            _pointer = NativeMemory.AlignedAlloc((nuint)Math.Max(byteLength, 1), Alignment);
        }
        catch (OutOfMemoryException e)
        {
            throw new OutOfMemoryException($"The host has no {byteLength:N0} bytes left.", e);
        }
        Interlocked.Add(ref _allocated, Math.Max(byteLength, 1));
        _pressure = byteLength;
        if (_pressure > 0) GC.AddMemoryPressure(_pressure);
    }

    ~HostMemory() => Dispose(disposing: false);

    public override nint BaseAddress => (nint)_pointer;

    public override nint Locate(nint address, out object? space)
    {
        space = null;
        return address;
    }

    protected override void Dispose(bool disposing)
    {
        if (_pointer == null) return;
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        if (_pressure > 0) GC.RemoveMemoryPressure(_pressure);
    }
}
