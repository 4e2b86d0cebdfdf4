using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace GracefulKernels;

/// <summary>
/// A nameless file of this process alone: written once from its beginning, then read through a mapping. Its blocks are asked for before anything is written, and it is
/// written by ordinary writes: a disk that is full is an error here and never a fault in a mapping, which could not be caught.
/// </summary>
internal sealed unsafe class SpillFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private MemoryMappedFile? _map;
    private MemoryMappedViewAccessor? _view;

    /// <param name="file">Open for reading and writing.</param>
    public SpillFile(SafeFileHandle file) => _file = file;

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="UnauthorizedAccessException">No file may be created there.</exception>
    /// <exception cref="IOException">The disk has no room for <paramref name="bytes"/>.</exception>
    public static SpillFile Create(string folder, long bytes)
    {
        string path = Path.Combine(folder, $"graceful-states-{Guid.NewGuid():N}.tmp");
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose, bytes);
        try
        {
            // Where a file may lose its name while it is open, not even a process that is killed leaves it behind.
            if (!OperatingSystem.IsWindows()) File.Delete(path);
            RandomAccess.SetLength(file, bytes);
            return new SpillFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">The disk is full.</exception>
    public void Write(byte* source, long bytes, long offset)
    {
        const int Most = 1 << 26;
        for (long done = 0; done < bytes; done += Most)
        {
            RandomAccess.Write(_file, new ReadOnlySpan<byte>(source + done, (int)Math.Min(Most, bytes - done)), offset + done);
        }
    }

    /// <summary>The first bytes of the file as memory that may only be read, valid until the file is disposed; aligned to a page.</summary>
    /// <exception cref="IOException">The file cannot be mapped.</exception>
    public byte* Map(long bytes)
    {
        _map = MemoryMappedFile.CreateFromFile(_file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        return pointer + _view.PointerOffset;
    }

    public void Dispose()
    {
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _view = null;
        }
        _map?.Dispose();
        _file.Dispose();
    }
}
