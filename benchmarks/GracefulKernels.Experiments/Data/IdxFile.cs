using System.Buffers.Binary;
using System.IO.Compression;

namespace GracefulKernels.Experiments.Data;

/// <summary>Gzipped IDX files of unsigned bytes (LeCun's format: two zero bytes, type 8, number of dimensions, big-endian sizes, data).</summary>
internal static class IdxFile
{
    /// <exception cref="InvalidDataException">Not such a file, another number of dimensions, or shorter than it says.</exception>
    public static (int[] Shape, byte[] Data) Read(string path, int dimensions)
    {
        using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        byte[] header = new byte[4 + (4 * dimensions)];
        stream.ReadExactly(header);
        if (header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] != dimensions)
        {
            throw new InvalidDataException($"{path}: begins with {Convert.ToHexString(header, 0, 4)}; expected IDX bytes of {dimensions} dimensions.");
        }
        int[] shape = [.. Enumerable.Range(0, dimensions).Select(k => BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 + (4 * k))))];
        byte[] data = new byte[shape.Aggregate(1, (a, b) => checked(a * b))];
        try
        {
            stream.ReadExactly(data);
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException($"{path}: ends before its {data.Length} elements.");
        }
        return (shape, data);
    }
}
