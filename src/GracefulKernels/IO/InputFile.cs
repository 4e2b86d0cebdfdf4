using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GracefulKernels;

/// <summary>
/// A file opened for positional reads. Reads, and not a memory map, unless a map is asked for (<see cref="MappedArray"/>): a mapped file that somebody cuts
/// short ends the process with a bus error, a read says so.
/// </summary>
internal sealed class InputFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private InputFile(string path, SafeFileHandle handle, long length)
    {
        FilePath = path;
        _handle = handle;
        Length = length;
    }

    public string FilePath { get; }

    public long Length { get; }

    /// <summary>The open file, for a map of it.</summary>
    public SafeFileHandle Handle => _handle;

    /// <param name="path">The file.</param>
    /// <param name="kind">What is expected, with its article, for messages.</param>
    public static InputFile Open(string path, string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new InvalidDataException($"{path}: found a folder; expected {kind}.");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: there is no such file; expected {kind}.", path);
        // Before it is opened: opening a pipe that nobody writes to would wait for ever.
        if (new FileInfo(path).Length == 0)
        {
            throw new InvalidDataException($"{path}: found no bytes (or a pipe or device); expected {kind} on a disk.");
        }
        SafeFileHandle handle = File.OpenHandle(path);
        try
        {
            return new InputFile(path, handle, RandomAccess.GetLength(handle));
        }
        catch (NotSupportedException e)
        {
            handle.Dispose();
            throw new InvalidDataException($"{path}: found a pipe or device; expected {kind} on a disk.", e);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public InvalidDataException Invalid(string found, string expected, Exception? cause = null)
        => new($"{FilePath}: found {found}; expected {expected}.", cause);

    public void Read(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(_handle, destination, offset);
            if (read == 0) throw Invalid($"the end of the file at byte {offset}", $"{Length} bytes as when it was opened");
            destination = destination[read..];
            offset += read;
        }
    }

    /// <summary>Reads elements; in pieces, because bytes of a long span are more than a span can count.</summary>
    public void Read<T>(long offset, Span<T> destination) where T : unmanaged
    {
        const int Piece = 1 << 26;
        int size = Unsafe.SizeOf<T>();
        while (destination.Length > 0)
        {
            Span<T> piece = destination[..Math.Min(Piece, destination.Length)];
            Read(offset, MemoryMarshal.AsBytes(piece));
            offset += (long)piece.Length * size;
            destination = destination[piece.Length..];
        }
    }

    public void Dispose() => _handle.Dispose();
}
