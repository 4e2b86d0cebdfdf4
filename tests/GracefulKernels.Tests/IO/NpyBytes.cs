using System.Buffers.Binary;
using System.Text;

namespace GracefulKernels.Tests;

/// <summary>Bytes of .npy files made by hand, apart from the library's writer: right ones and wrong ones.</summary>
internal static class NpyBytes
{
    public static byte[] Make(string header, byte[] data, byte major = 1, byte minor = 0, long? headerLength = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        int prefix = major == 1 ? 10 : 12;
        byte[] bytes = new byte[prefix + text.Length + data.Length];
        "\u0093NUMPY"u8[1..].CopyTo(bytes);
        bytes[0] = 0x93;
        (bytes[6], bytes[7]) = (major, minor);
        long length = headerLength ?? text.Length;
        if (major == 1) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)length);
        else BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), (uint)length);
        text.CopyTo(bytes, prefix);
        data.CopyTo(bytes, prefix + text.Length);
        return bytes;
    }

    public static string Header(string descr, string shape, string fortran = "False")
        => $"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n";

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
