using System.Buffers.Binary;
using System.IO.Compression;

namespace GracefulKernels.Cli.Samples;

/// <summary>
/// IDX, the format of MNIST (LeCun): two zero bytes, the type, the number of dimensions, the dimensions as big-endian int32, then the elements. Of bytes, which is what
/// images and labels are; gzipped or not.
/// </summary>
internal static class IdxFile
{
    private const byte UnsignedByte = 8;

    /// <summary>Deflate cannot expand a byte to more than this: a header that claims more lies.</summary>
    private const long LargestExpansion = 1032;

    public static Images ReadImages(FileRange range)
    {
        (int[] shape, byte[] bytes, int count) = Read(range, d => d is 3 or 4, "images [n × h × w] or [n × h × w × c]");
        return new Images(range.ToString(), count, shape[1], shape[2], shape.Length == 4 ? shape[3] : 1, bytes, null);
    }

    public static int[] ReadLabels(FileRange range)
    {
        (_, byte[] bytes, _) = Read(range, d => d == 1, "labels [n]");
        return [.. bytes.Select(b => (int)b)];
    }

    /// <summary>Some images of a stretch that must have <paramref name="count"/>, in one way through the file.</summary>
    public static Images ReadImageRows(FileRange range, long count, ReadOnlySpan<long> rows)
    {
        (int[] shape, byte[] bytes, _) = Read(range, d => d is 3 or 4, "images [n × h × w] or [n × h × w × c]", rows.ToArray(), count);
        return new Images(range.ToString(), rows.Length, shape[1], shape[2], shape.Length == 4 ? shape[3] : 1, bytes, null);
    }

    private static (int[] Shape, byte[] Bytes, int Count) Read(FileRange range, Func<int, bool> accepted, string what, long[]? rows = null, long expected = 0)
    {
        string path = range.Path;
        using FileStream file = new(path, FileMode.Open, FileAccess.Read);
        bool packed = file.ReadByte() == 0x1F;
        file.Position = 0;
        using Stream stream = packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        try
        {
            Span<byte> head = stackalloc byte[4];
            stream.ReadExactly(head);
            if (head[0] != 0 || head[1] != 0 || head[2] != UnsignedByte || !accepted(head[3]))
            {
                throw new InvalidDataException($"{path}: found the IDX type 0x{head[2]:X2} with {head[3]} dimensions; expected bytes (0x08), {what}.");
            }
            int[] shape = new int[head[3]];
            long row = 1;
            for (int i = 0; i < shape.Length; i++)
            {
                stream.ReadExactly(head);
                shape[i] = BinaryPrimitives.ReadInt32BigEndian(head);
                if (shape[i] <= 0) throw new InvalidDataException($"{path}: dimension {i} is {shape[i]}; expected a positive length.");
                if (i > 0) row = checked(row * shape[i]);
            }
            long available = packed ? checked(file.Length * LargestExpansion) : file.Length - 4 - (4L * shape.Length);
            if (checked(row * shape[0]) > available) throw new InvalidDataException($"{path}: the header says [{string.Join(" × ", shape)}] bytes; the file is too short for them.");
            if (rows is not null)
            {
                byte[] some = new byte[row * rows.Length];
                long at = -range.FirstOf(shape[0], expected);
                for (int i = 0; i < rows.Length; i++)
                {
                    Skip(stream, (rows[i] - at) * row);
                    stream.ReadExactly(some, checked((int)(i * row)), (int)row);
                    at = rows[i] + 1;
                }
                return (shape, some, rows.Length);
            }
            (int first, int count) = range.Of(shape[0]);
            if (row * count > Array.MaxLength) throw new InvalidDataException($"{range}: {row * count} bytes are more than one array holds ({Array.MaxLength}).");
            Skip(stream, first * row);
            byte[] bytes = new byte[row * count];
            stream.ReadExactly(bytes);
            return (shape, bytes, count);
        }
        catch (Exception e) when (e is EndOfStreamException or OverflowException)
        {
            throw new InvalidDataException($"{path}: found the end of the file within the data; expected an IDX file of {what}.", e);
        }
    }

    private static void Skip(Stream stream, long bytes)
    {
        if (stream.CanSeek)
        {
            stream.Seek(bytes, SeekOrigin.Current);
            return;
        }
        byte[] piece = new byte[Math.Min(bytes, 1 << 16)];
        for (; bytes > 0; bytes -= Math.Min(bytes, piece.Length)) stream.ReadExactly(piece, 0, (int)Math.Min(bytes, piece.Length));
    }
}
