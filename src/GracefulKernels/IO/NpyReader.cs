using System.Globalization;
using System.Runtime.InteropServices;

namespace GracefulKernels;

/// <summary>
/// Reads a .npy file (versions 1.0, 2.0, 3.0; little-endian; C order) row by row, so that it may be larger than memory. A row is everything
/// behind the first dimension. The header is checked against the file's length when it is opened; elements are read by position into the caller's memory.
/// One reader may be used by several threads at once.
/// </summary>
public sealed class NpyReader : IDisposable
{
    private const int PieceBytes = 1 << 16;

    private readonly InputFile _file;
    private readonly NpyHeader _header;

    private NpyReader(InputFile file, NpyHeader header)
    {
        _file = file;
        _header = header;
        Shape = Array.AsReadOnly(header.Shape);
        Rows = header.Shape.Length == 0 ? 1 : header.Shape[0];
        _ = ArrayShape.TryCount(header.Shape.AsSpan(Math.Min(1, header.Shape.Length)), out long rowLength);
        RowLength = rowLength;
    }

    /// <summary>The path as it was given.</summary>
    public string FilePath => _file.FilePath;

    /// <summary>Type of the elements.</summary>
    public ElementType Type => _header.Type;

    /// <summary>Length of each dimension, outermost first; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements: the product of <see cref="Shape"/>.</summary>
    public long Count => _header.Count;

    /// <summary>Length of the first dimension, 1 for a single number.</summary>
    public long Rows { get; }

    /// <summary>Elements of a row: the product of the other dimensions, 1 where there is none.</summary>
    public long RowLength { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">A file on a disk.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is no .npy file, is cut short or too long for its shape, or holds what is refused by name: big-endian, fp16, complex, text,
    /// objects, structured types, Fortran order. The message says what was found, what was expected, and what to do.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not allowed.</exception>
    public static NpyReader Open(string path)
    {
        InputFile file = InputFile.Open(path, "a .npy file");
        try
        {
            return new NpyReader(file, NpyHeader.Read(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads rows with the type that they have in the file.</summary>
    /// <typeparam name="T">The type that <see cref="Type"/> names.</typeparam>
    /// <param name="firstRow">First row, from 0.</param>
    /// <param name="destination">Receives whole rows: its length is a multiple of <see cref="RowLength"/>.</param>
    /// <exception cref="ArgumentException">The length is no multiple of the row's, or the rows are not all in the file.</exception>
    /// <exception cref="InvalidDataException">The file holds another type, or was cut short since it was opened.</exception>
    public void ReadRows<T>(long firstRow, Span<T> destination) where T : unmanaged
    {
        ElementType asked = ElementTypes.Of<T>();
        if (asked != Type) throw _file.Invalid($"{Type.Word()} elements", asked.Word());
        CheckRows(firstRow, destination.Length);
        ReadElements(firstRow * RowLength, destination);
    }

    /// <summary>Reads rows as fp32. Other types are converted where the value stays exactly the same.</summary>
    /// <param name="firstRow">First row, from 0.</param>
    /// <param name="destination">Receives whole rows: its length is a multiple of <see cref="RowLength"/>.</param>
    /// <exception cref="ArgumentException">The length is no multiple of the row's, or the rows are not all in the file.</exception>
    /// <exception cref="InvalidDataException">An element has no exact fp32 value (it is named), or the file was cut short since it was opened.</exception>
    public void ReadRowsAsFloats(long firstRow, Span<float> destination)
    {
        CheckRows(firstRow, destination.Length);
        long first = firstRow * RowLength;
        switch (Type)
        {
            case ElementType.Float32: ReadElements(first, destination); break;
            case ElementType.Float64: Convert<double, float>(first, destination, ExactConversion.ToFloats); break;
            case ElementType.Int32: Convert<int, float>(first, destination, ExactConversion.ToFloats); break;
            case ElementType.Int64: Convert<long, float>(first, destination, ExactConversion.ToFloats); break;
            case ElementType.UInt8: Convert<byte, float>(first, destination, ExactConversion.ToFloats); break;
            default: Convert<bool, float>(first, destination, ExactConversion.ToFloats); break;
        }
    }

    /// <summary>Reads rows of integers (or booleans, as 0 and 1) as int32: labels and predictions.</summary>
    /// <param name="firstRow">First row, from 0.</param>
    /// <param name="destination">Receives whole rows: its length is a multiple of <see cref="RowLength"/>.</param>
    /// <exception cref="ArgumentException">The length is no multiple of the row's, or the rows are not all in the file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file holds floating-point numbers, an element is outside int32 (it is named), or the file was cut short since it was opened.
    /// </exception>
    public void ReadRowsAsInts(long firstRow, Span<int> destination)
    {
        CheckRows(firstRow, destination.Length);
        long first = firstRow * RowLength;
        switch (Type)
        {
            case ElementType.Int32: ReadElements(first, destination); break;
            case ElementType.Int64: Convert<long, int>(first, destination, ExactConversion.ToInts); break;
            case ElementType.UInt8: Convert<byte, int>(first, destination, ExactConversion.ToInts); break;
            case ElementType.Bool: Convert<bool, int>(first, destination, ExactConversion.ToInts); break;
            default: throw _file.Invalid($"{Type.Word()} elements", "integers; convert them with a.astype(numpy.int32)");
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    internal T[] ReadAll<T>() where T : unmanaged
    {
        T[] values = new T[CheckedLength()];
        ReadElements(0, values.AsSpan());
        return values;
    }

    /// <summary>The number of elements where an array can have as many.</summary>
    internal int CheckedLength()
    {
        if (Count > Array.MaxLength)
        {
            throw _file.Invalid(
                $"{Count} elements ({ArrayShape.Print(_header.Shape)})",
                $"at most {Array.MaxLength} in one array; read blocks of rows with NpyReader");
        }
        return (int)Count;
    }

    private delegate int Converter<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to);

    private void ReadElements<T>(long first, Span<T> destination) where T : unmanaged
    {
        _file.Read(_header.DataOffset + (first * Type.Size()), destination);
        if (typeof(T) == typeof(bool)) CheckBooleans(first, MemoryMarshal.AsBytes(destination));
    }

    // Any other byte makes a bool that is neither true nor false in what the JIT generates.
    private void CheckBooleans(long first, ReadOnlySpan<byte> bytes)
    {
        int bad = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (bad >= 0) throw _file.Invalid($"the byte 0x{bytes[bad]:X2} as element {first + bad}", "0 or 1 in an array of bool");
    }

    private void Convert<TFrom, TTo>(long first, Span<TTo> destination, Converter<TFrom, TTo> convert)
        where TFrom : unmanaged where TTo : unmanaged
    {
        TFrom[] piece = new TFrom[Math.Min(PieceBytes / Type.Size(), destination.Length)];
        while (destination.Length > 0)
        {
            Span<TFrom> from = piece.AsSpan(0, Math.Min(piece.Length, destination.Length));
            ReadElements(first, from);
            int lossy = convert(from, destination[..from.Length]);
            if (lossy >= 0)
            {
                string value = string.Create(CultureInfo.InvariantCulture, $"{from[lossy]:R}");
                throw _file.Invalid($"{value} as element {first + lossy}", $"a value that {ElementTypes.Of<TTo>().Word()} has exactly");
            }
            first += from.Length;
            destination = destination[from.Length..];
        }
    }

    private void CheckRows(long firstRow, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        bool whole = RowLength == 0 ? length == 0 : length % RowLength == 0;
        if (!whole) throw new ArgumentException($"destination has {length} elements; expected whole rows of {RowLength}.", "destination");
        long rows = RowLength == 0 ? 0 : length / RowLength;
        if (firstRow > Rows - rows)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstRow), firstRow, $"{rows} rows from {firstRow} were asked for; {FilePath} has {Rows}.");
        }
    }
}
