using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A matrix in anyone's memory, as the kernels take it: the elements of a row follow each other, rows begin <see cref="Ld"/> elements apart. Spans, tensor spans and the pointers of C
/// all become one of these, and operations check and compute over these alone. It owns nothing and pins nothing.
/// </summary>
internal readonly unsafe struct MatrixView<T> where T : unmanaged
{
    /// <summary>A view whose sizes have been checked.</summary>
    public MatrixView(Block<T> data, long rows, long columns, long ld)
    {
        Data = data;
        Rows = rows;
        Columns = columns;
        // One row has no next one; its distance must not be what is refused.
        Ld = rows > 1 ? ld : columns;
    }

    /// <summary>From the first element to the last, the gaps between rows included.</summary>
    public Block<T> Data { get; }

    public long Rows { get; }

    public long Columns { get; }

    /// <summary>Elements from the beginning of a row to that of the next.</summary>
    public long Ld { get; }

    /// <summary>Whether there is no such matrix: an operand that was left out. A matrix without elements has a shape.</summary>
    public bool IsAbsent => Rows == 0 && Columns == 0;

    public bool HasGaps => Ld != Columns;

    public Extent Extent => Extent.Of(Data, Rows, Columns * sizeof(T), Ld * sizeof(T));

    /// <summary>A matrix at an address, every number as somebody else gave it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or <paramref name="ld"/> smaller than a row: rows overlap.</exception>
    /// <exception cref="ArgumentNullException">There are elements, and no address.</exception>
    /// <exception cref="ArgumentException">More elements than memory has addresses, or an address that is no multiple of the element's size.</exception>
    public static MatrixView<T> At(T* pointer, long rows, long columns, long ld, string name)
    {
        if (rows < 0 || columns < 0) throw new ArgumentOutOfRangeException(name, rows < 0 ? rows : columns, $"{name} is [{rows} × {columns}]; no size may be negative.");
        if (rows > 1 && ld < columns)
        {
            throw new ArgumentOutOfRangeException(name, ld, $"{name} is [{rows} × {columns}] with rows {ld} elements apart; expected at least {columns}, rows must not overlap.");
        }
        long length = Elements(rows, columns, ld);
        if (length < 0) throw new ArgumentException($"{name} is [{rows} × {columns}] with rows {ld} elements apart: more than memory has addresses.", name);
        return new MatrixView<T>(Vector(pointer, length, name), rows, columns, ld);
    }

    /// <summary>The rows of a pinned span, without gaps.</summary>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public static MatrixView<T> Of(T* pinned, int length, int rows, int columns, string name, string meaning)
    {
        Check.Matrix(length, rows, columns, name, meaning);
        return new MatrixView<T>(new Block<T>(pinned, length), rows, columns, columns);
    }

    /// <summary>The rows of a pinned span that may be longer.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ld"/> is smaller than a row.</exception>
    /// <exception cref="ArgumentException">The span is too short.</exception>
    public static MatrixView<T> Of(T* pinned, int length, int rows, int columns, int ld, string name, string ldName)
    {
        Check.Matrix(length, rows, columns, ld, name, ldName);
        return new MatrixView<T>(new Block<T>(pinned, Elements(rows, columns, ld)), rows, columns, ld);
    }

    /// <summary>Elements that follow each other at an address, with the checks of <see cref="At"/>.</summary>
    public static Block<T> Vector(T* pointer, long length, string name)
    {
        if (length < 0) throw new ArgumentOutOfRangeException(name, length, $"{name} is [{length}]; no size may be negative.");
        if (length > long.MaxValue / sizeof(T)) throw new ArgumentException($"{name} is [{length}]: more than memory has addresses.", name);
        if (length > 0 && pointer is null) throw new ArgumentNullException(name, $"{name} is null; expected {length} elements.");
        // Not all processors load what straddles, and the vector code counts on whole elements.
        return (nuint)pointer % (nuint)sizeof(T) == 0 || length == 0
            ? new Block<T>(pointer, length)
            : throw new ArgumentException($"{name} is at 0x{(nuint)pointer:x}; expected a multiple of {sizeof(T)} bytes, the size of an element.", name);
    }

    /// <summary>Some of the rows.</summary>
    public MatrixView<T> Slice(long firstRow, long rows)
        => new(rows == 0 ? Data.Slice(0, 0) : Data.Slice(firstRow * Ld, ((rows - 1) * Ld) + Columns), rows, Columns, Ld);

    /// <summary>Elements from the first to the last; −1 where their bytes overflow.</summary>
    private static long Elements(long rows, long columns, long ld)
    {
        if (rows == 0 || columns == 0) return 0;
        UInt128 elements = rows == 1 ? (UInt128)columns : ((UInt128)(rows - 1) * (UInt128)ld) + (UInt128)columns;
        return elements <= (UInt128)(long.MaxValue / sizeof(T)) ? (long)elements : -1;
    }
}
