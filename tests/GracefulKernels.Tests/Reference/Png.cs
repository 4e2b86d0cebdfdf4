using System.Buffers.Binary;
using System.IO.Compression;

namespace GracefulKernels.Tests;

/// <summary>Reads 8-bit RGB PNGs without interlacing: what the CIFAR strips are.</summary>
internal static class Png
{
    public static (int Width, int Height, byte[] Rgb) Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        using var compressed = new MemoryStream();
        int width = 0, height = 0;
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            string type = System.Text.Encoding.ASCII.GetString(file, at + 4, 4);
            ReadOnlySpan<byte> data = file.AsSpan(at + 8, length);
            if (type == "IHDR")
            {
                width = BinaryPrimitives.ReadInt32BigEndian(data);
                height = BinaryPrimitives.ReadInt32BigEndian(data[4..]);
                if (data[8] != 8 || data[9] != 2 || data[12] != 0) throw new NotSupportedException($"depth {data[8]}, colour type {data[9]}, interlace {data[12]}");
            }
            if (type == "IDAT") compressed.Write(data);
            at += 12 + length;
        }
        compressed.Position = 0;
        using var zlib = new ZLibStream(compressed, CompressionMode.Decompress);
        int stride = width * 3;
        byte[] rgb = new byte[stride * height], line = new byte[stride + 1], zeros = new byte[stride];
        for (int y = 0; y < height; y++)
        {
            zlib.ReadExactly(line);
            Span<byte> row = rgb.AsSpan(y * stride, stride);
            line.AsSpan(1).CopyTo(row);
            Unfilter(line[0], row, y == 0 ? zeros : rgb.AsSpan((y - 1) * stride, stride));
        }
        return (width, height, rgb);
    }

    private static void Unfilter(byte filter, Span<byte> row, ReadOnlySpan<byte> above)
    {
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < 3 ? 0 : row[i - 3], up = above[i], corner = i < 3 ? 0 : above[i - 3];
            row[i] += filter switch
            {
                0 => 0,
                1 => (byte)left,
                2 => (byte)up,
                3 => (byte)((left + up) / 2),
                4 => Paeth(left, up, corner),
                _ => throw new InvalidDataException($"filter {filter}"),
            };
        }
    }

    private static byte Paeth(int left, int up, int corner)
    {
        int p = left + up - corner, a = Math.Abs(p - left), b = Math.Abs(p - up), c = Math.Abs(p - corner);
        return (byte)(a <= b && a <= c ? left : b <= c ? up : corner);
    }
}
