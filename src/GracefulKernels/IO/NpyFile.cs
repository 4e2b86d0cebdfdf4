using System.Runtime.InteropServices;

namespace GracefulKernels;

/// <summary>
/// Whole .npy files: read into arrays, written from spans. Reading takes format versions 1.0, 2.0 and 3.0, little-endian, C order, and the
/// types of <see cref="ElementType"/>; anything else is refused by name. Sizes are checked against the file's length before memory is taken.
/// Files of more than 2³¹ − 57 elements are read in blocks with <see cref="NpyReader"/>.
/// </summary>
public static class NpyFile
{
    /// <summary>Reads an array with the type that it has in the file.</summary>
    /// <param name="path">A file on a disk.</param>
    /// <returns>An <see cref="NpyArray{T}"/> of the type that <see cref="NpyArray.Type"/> names.</returns>
    /// <inheritdoc cref="NpyReader.Open" path="/exception"/>
    public static NpyArray Read(string path)
    {
        using NpyReader reader = NpyReader.Open(path);
        return reader.Type switch
        {
            ElementType.Float32 => All<float>(reader),
            ElementType.Float64 => All<double>(reader),
            ElementType.Int32 => All<int>(reader),
            ElementType.Int64 => All<long>(reader),
            ElementType.UInt8 => All<byte>(reader),
            _ => All<bool>(reader),
        };
    }

    /// <summary>Reads an array of one type and refuses files of another.</summary>
    /// <typeparam name="T">One of <see cref="float"/>, <see cref="double"/>, <see cref="int"/>, <see cref="long"/>, <see cref="byte"/>, <see cref="bool"/>.</typeparam>
    /// <param name="path">A file on a disk.</param>
    /// <inheritdoc cref="NpyReader.Open" path="/exception"/>
    public static NpyArray<T> Read<T>(string path) where T : unmanaged
    {
        ElementType asked = ElementTypes.Of<T>();
        using NpyReader reader = NpyReader.Open(path);
        if (reader.Type != asked) throw new InvalidDataException($"{path}: found {reader.Type.Word()} elements; expected {asked.Word()}.");
        return All<T>(reader);
    }

    /// <summary>Reads any type as fp32 where every value stays exactly the same.</summary>
    /// <param name="path">A file on a disk.</param>
    /// <exception cref="InvalidDataException">As for <see cref="Read(string)"/>; or an element has no exact fp32 value, and is named.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static NpyArray<float> ReadFloats(string path)
    {
        using NpyReader reader = NpyReader.Open(path);
        float[] values = new float[reader.CheckedLength()];
        reader.ReadRowsAsFloats(0, values);
        return new NpyArray<float>(reader.Shape, values);
    }

    /// <summary>Reads integers (or booleans, as 0 and 1) as int32: labels and predictions.</summary>
    /// <param name="path">A file on a disk.</param>
    /// <exception cref="InvalidDataException">
    /// As for <see cref="Read(string)"/>; or the file holds floating-point numbers; or an element is outside int32, and is named.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static NpyArray<int> ReadLabels(string path)
    {
        using NpyReader reader = NpyReader.Open(path);
        int[] values = new int[reader.CheckedLength()];
        reader.ReadRowsAsInts(0, values);
        return new NpyArray<int>(reader.Shape, values);
    }

    /// <summary>Writes an array as <c>&lt;f4</c>, version 1.0, whole or not at all.</summary>
    /// <param name="path">Target; replaced where it exists.</param>
    /// <param name="values">The elements in C order.</param>
    /// <param name="shape">Length of each dimension, outermost first; none for a single number.</param>
    /// <exception cref="ArgumentException">The product of <paramref name="shape"/> is not the number of values.</exception>
    /// <inheritdoc cref="AtomicFile.Write" path="/exception"/>
    public static void Write(string path, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) => WriteAny(path, values, shape);

    /// <summary>Writes an array as <c>&lt;f8</c>, version 1.0, whole or not at all.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static void Write(string path, ReadOnlySpan<double> values, params ReadOnlySpan<long> shape) => WriteAny(path, values, shape);

    /// <summary>Writes an array as <c>&lt;i4</c>, version 1.0, whole or not at all.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static void Write(string path, ReadOnlySpan<int> values, params ReadOnlySpan<long> shape) => WriteAny(path, values, shape);

    /// <summary>Writes an array as <c>&lt;i8</c>, version 1.0, whole or not at all.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static void Write(string path, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape) => WriteAny(path, values, shape);

    private static NpyArray<T> All<T>(NpyReader reader) where T : unmanaged => new(reader.Shape, reader.ReadAll<T>());

    private static unsafe void WriteAny<T>(string path, ReadOnlySpan<T> values, ReadOnlySpan<long> shape) where T : unmanaged
    {
        long[] dimensions = ArrayShape.Checked(shape, values.Length, nameof(shape));
        byte[] header = NpyHeader.Write(ElementTypes.Of<T>(), dimensions);
        // A span cannot be captured; it stays pinned for as long as the callback runs.
        fixed (T* pinned = values)
        {
            T* first = pinned;
            int length = values.Length;
            AtomicFile.Write(path, stream =>
            {
                stream.Write(header);
                WriteElements(stream, new ReadOnlySpan<T>(first, length));
            });
        }
    }

    internal static void WriteElements<T>(Stream stream, ReadOnlySpan<T> values) where T : unmanaged
    {
        const int Piece = 1 << 20;
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Files are little-endian, and so must be the processor.");
        while (values.Length > 0)
        {
            ReadOnlySpan<T> piece = values[..Math.Min(Piece, values.Length)];
            stream.Write(MemoryMarshal.AsBytes(piece));
            values = values[piece.Length..];
        }
    }
}
