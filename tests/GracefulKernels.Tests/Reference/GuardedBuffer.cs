using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// Elements that end right before (or begin right after) a page that may not be touched: one read or write too far ends the test process.
/// The rest of the pages is filled with a pattern, so that a write on the open side shows as well.
/// </summary>
internal sealed unsafe class GuardedBuffer<T> : IDisposable where T : unmanaged
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22, None = 0;
    private const byte Pattern = 0xA5;

    private readonly byte* _map;
    private readonly nuint _mapLength;
    private readonly byte* _open;
    private readonly long _openLength;

    public GuardedBuffer(long length, bool guardBefore = false)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint bytes = (nuint)(length * sizeof(T));
        nuint body = (bytes + page - 1) / page * page;
        if (body == 0) body = page;
        _mapLength = body + 2 * page;
        _map = (byte*)Pages.Mmap(null, _mapLength, ReadWrite, PrivateAnonymous, -1, 0);
        if (_map == (byte*)-1) throw new OutOfMemoryException();
        NativeMemory.Fill(_map, _mapLength, Pattern);
        if (Pages.Mprotect(_map, page, None) != 0 || Pages.Mprotect(_map + page + body, page, None) != 0) throw new InvalidOperationException("mprotect");
        Length = length;
        Pointer = (T*)(guardBefore ? _map + page : _map + page + body - bytes);
        _open = guardBefore ? _map + page + bytes : _map + page;
        _openLength = (long)(body - bytes);
    }

    public GuardedBuffer(ReadOnlySpan<T> values, bool guardBefore = false) : this(values.Length, guardBefore) => values.CopyTo(Span);

    public T* Pointer { get; }

    public long Length { get; }

    public Span<T> Span => new(Pointer, (int)Length);

    public Block<T> Block => new(Pointer, Length);

    /// <summary>Fails where something was written on the open side.</summary>
    public void AssertUntouchedOutside()
    {
        for (long i = 0; i < _openLength; i++)
        {
            if (_open[i] != Pattern) Assert.Fail($"byte {i} outside the buffer was written");
        }
    }

    public void Dispose()
    {
        _ = Pages.Munmap(_map, _mapLength);
    }
}

/// <summary>The three calls of the C library that a guard page takes.</summary>
internal static unsafe class Pages
{
    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static extern void* Mmap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    public static extern int Mprotect(void* address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static extern int Munmap(void* address, nuint length);
}
