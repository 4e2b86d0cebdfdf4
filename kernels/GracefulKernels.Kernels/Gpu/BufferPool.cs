using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

/// <summary>
/// Device buffers that are kept for the next taker: a device allocation stops the device, so that a step must not make one after its first
/// run. All work of a set runs on one stream, in order: what a buffer held is done with when its next owner's work begins.
/// </summary>
internal sealed class BufferPool(Accelerator accelerator, string device) : IDisposable
{
    /// <summary>CUDA aligns its allocations to this, and sizes are multiples of it.</summary>
    private const long Granule = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, Stack<MemoryBuffer>> _free = [];

    /// <summary>
    /// Buffers have finalizers of their own. Where an owner is forgotten, both would be finalised, in any order, and the pool would get back a buffer that is
    /// freed already: it must hold them all.
    /// </summary>
    private readonly HashSet<MemoryBuffer> _all = [];

    private long _used;
    private bool _disposed;

    /// <summary>Allocations made on the device so far: constant once a step has run.</summary>
    public long Allocations { get; private set; }

    /// <exception cref="OutOfMemoryException">The device has no room, not even for what is free in other sizes or held by nobody any more.</exception>
    public MemoryBuffer Rent(long byteLength)
    {
        if (byteLength > accelerator.MemorySize) throw OutOfMemory(byteLength, null);
        if (TryRent(byteLength, out AcceleratorException? refusal) is { } buffer) return buffer;
        // Memory that nobody has disposed comes back through its finalizer, which takes the lock: not inside it.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return TryRent(byteLength, out refusal) ?? throw OutOfMemory(byteLength, refusal);
    }

    /// <summary>Takes a buffer back; also called by finalizers.</summary>
    public void Return(MemoryBuffer buffer)
    {
        lock (_gate)
        {
            if (_disposed) return;
            _used -= buffer.LengthInBytes;
            if (!_free.TryGetValue(buffer.LengthInBytes, out Stack<MemoryBuffer>? stack)) _free[buffer.LengthInBytes] = stack = new();
            stack.Push(buffer);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            Trim();
        }
    }

    /// <summary>Four sizes between powers of two: at most a quarter is wasted, and few sizes are kept.</summary>
    internal static long SizeClass(long byteLength)
    {
        long length = Math.Max(byteLength, Granule);
        long step = Math.Max(Granule, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)length) / 8);
        return (length + step - 1) / step * step;
    }

    private MemoryBuffer? TryRent(long byteLength, out AcceleratorException? refusal)
    {
        long size = SizeClass(byteLength);
        refusal = null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            MemoryBuffer? buffer = _free.TryGetValue(size, out Stack<MemoryBuffer>? stack) && stack.Count > 0 ? stack.Pop() : Allocate(size, out refusal);
            if (buffer is not null) _used += size;
            return buffer;
        }
    }

    private MemoryBuffer? Allocate(long size, out AcceleratorException? refusal)
    {
        refusal = null;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                MemoryBuffer buffer = accelerator.Allocate1D<byte>(size);
                _all.Add(buffer);
                Allocations++;
                return buffer;
            }
            catch (AcceleratorException e)
            {
                refusal = e;
                if (attempt > 0) continue;
                accelerator.Synchronize();
                Trim();
            }
        }
        return null;
    }

    private OutOfMemoryException OutOfMemory(long asked, Exception? cause) => new(
        $"{device} cannot give {asked:N0} bytes: {_used:N0} of its {accelerator.MemorySize:N0} are in use here. Lower the batch size, or use a device with more memory.",
        cause);

    private void Trim()
    {
        foreach (Stack<MemoryBuffer> stack in _free.Values)
        {
            while (stack.TryPop(out MemoryBuffer? buffer))
            {
                _all.Remove(buffer);
                buffer.Dispose();
            }
        }
    }
}
