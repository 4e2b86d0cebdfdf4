using System.Text;

namespace GracefulKernels;

/// <summary>
/// Files that are there whole or not at all: written under another name in the same folder, flushed to the disk, then renamed over the
/// target. Where writing fails or is cancelled, an older file of that name stays as it was and nothing else is left behind.
/// </summary>
public static class AtomicFile
{
    private const int BufferSize = 1 << 16;

    /// <summary>Writes a file by a callback.</summary>
    /// <param name="path">Target; its folder must exist. A symbolic link is followed. Character devices (<c>/dev/…</c>) are written to directly.</param>
    /// <param name="write">Writes the content; called once.</param>
    /// <param name="cancellation">Looked at before writing and before the rename; <paramref name="write"/> may look at it more often.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    /// <exception cref="IOException">The target is a folder, or the disk is full or fails.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the target is untouched.</exception>
    public static void Write(string path, Action<Stream> write, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        cancellation.ThrowIfCancellationRequested();
        string target = Target(path);
        if (target.StartsWith("/dev/", StringComparison.Ordinal))
        {
            // A rename would put a plain file in the place of the device.
            using FileStream device = new(target, FileMode.Open, FileAccess.Write);
            write(device);
            return;
        }
        string folder = Path.GetDirectoryName(target) ?? throw new IOException($"Cannot write '{path}': it is a folder.");
        if (Directory.Exists(target)) throw new IOException($"Cannot write '{path}': it is a folder.");
        string aside = Path.Combine(folder, $".graceful-{Guid.NewGuid():N}.tmp");
        using (FileStream file = Create(aside, folder, path))
        {
            try
            {
                write(file);
                cancellation.ThrowIfCancellationRequested();
                Flush(file, path);
                file.Dispose();
                File.Move(aside, target, overwrite: true);
            }
            catch (Exception e)
            {
                Discard(file, aside);
                // A full disk's message has the name that nobody gave.
                if (e is IOException && e.Message.Contains(aside, StringComparison.Ordinal))
                {
                    throw new IOException($"Cannot write '{path}': {e.Message.Replace(aside, target, StringComparison.Ordinal)}", e);
                }
                throw;
            }
        }
    }

    /// <summary>Writes bytes.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
        => Write(path, stream => stream.Write(bytes.Span), cancellation);

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteAllText(string path, string text, CancellationToken cancellation = default)
        => WriteAllBytes(path, Encoding.UTF8.GetBytes(text), cancellation);

    private static string Target(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }

    private static void Flush(FileStream file, string path)
    {
        try
        {
            file.Flush(flushToDisk: true);
        }
        catch (ArgumentException e)
        {
            // What .NET makes of a file larger than its file system or the process may have.
            throw new IOException($"Cannot write '{path}': {e.Message}", e);
        }
    }

    private static void Discard(FileStream file, string aside)
    {
        try
        {
            file.Dispose();
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            // What is still in the buffer does not fit either; the file is closed all the same.
        }
        File.Delete(aside);
    }

    private static FileStream Create(string aside, string folder, string path)
    {
        try
        {
            return new FileStream(aside, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            throw new DirectoryNotFoundException($"Cannot write '{path}': the folder '{folder}' does not exist.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException($"Cannot write '{path}': the folder '{folder}' is not writable.", e);
        }
        catch (IOException e)
        {
            throw new IOException($"Cannot write '{path}': {e.Message}", e);
        }
    }
}
