using System.Runtime.CompilerServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary>
/// A matrix in the caller's memory, found to be addressable: not NULL, aligned as C has it, its leading dimension no smaller than a row, its bytes countable. An optional one that is
/// not given is empty.
/// </summary>
internal readonly unsafe struct Operand
{
    /// <summary>No element here takes more than 128 bytes.</summary>
    private const ulong MostElements = (ulong)long.MaxValue / 128;

    private readonly byte* _first;

    /// <summary>Behind the last byte; null where there is none, so that nothing overlaps.</summary>
    private readonly byte* _end;
    private readonly long _rows;
    private readonly long _rowBytes;
    private readonly long _stepBytes;
    private readonly string _name;

    private Operand(byte* first, long bytes, long rows, long rowBytes, long stepBytes, string name)
    {
        _first = first;
        _end = bytes == 0 ? null : first + bytes;
        _rows = rows;
        _rowBytes = rowBytes;
        _stepBytes = stepBytes;
        _name = name;
    }

    public bool IsGiven => _first != null;

    private long Bytes => _end == null ? 0 : _end - _first;

    /// <summary>[rows × columns], rows <paramref name="ld"/> elements apart; sizes have been checked to be at least 0.</summary>
    public static Operand Matrix<T>(T* pointer, long rows, long columns, long ld, string name, string ldName) where T : unmanaged
    {
        if (ld < columns || ld > int.MaxValue) throw BadStep(rows, columns, ld, name, ldName);
        return Checked(pointer, rows, columns, ld, name);
    }

    /// <summary>[rows × columns] without gaps.</summary>
    public static Operand Matrix<T>(T* pointer, long rows, long columns, string name) where T : unmanaged => Checked(pointer, rows, columns, columns, name);

    /// <summary>[length].</summary>
    public static Operand Vector<T>(T* pointer, long length, string name) where T : unmanaged => Checked(pointer, 1, length, length, name);

    /// <summary>[rows × columns] without gaps, or nothing.</summary>
    public static Operand Optional<T>(T* pointer, long rows, long columns, string name) where T : unmanaged
        => pointer == null ? default : Checked(pointer, rows, columns, columns, name);

    /// <summary>[length], or nothing.</summary>
    public static Operand Optional<T>(T* pointer, long length, string name) where T : unmanaged
        => pointer == null ? default : Checked(pointer, 1, length, length, name);

    /// <summary>What the kernels take; empty where it is not given.</summary>
    public Block<T> Block<T>() where T : unmanaged => _first == null ? default : new Block<T>((T*)_first, Bytes / sizeof(T));

    /// <summary>The elements, of which there are no more than a span holds; <paramref name="shape"/> is how the message calls them.</summary>
    public ReadOnlySpan<T> Span<T>(string shape) where T : unmanaged
    {
        long length = Bytes / sizeof(T);
        return length <= Array.MaxLength
            ? new ReadOnlySpan<T>(_first, (int)length)
            : throw CallException.Argument($"{_name} {shape} has {length} elements; expected at most {Array.MaxLength}: they are copied.");
    }

    /// <summary>Refuses an output that shares a byte with <paramref name="other"/>. Columns of one matrix beside each other do not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apart(in Operand other)
    {
        if (_first < other._end && other._first < _end) ApartWithin(other);
    }

    /// <summary>An output that may be <paramref name="other"/>, all of it, but not overlap it otherwise.</summary>
    public void ApartOrSame(in Operand other)
    {
        if (_first == other._first && _stepBytes == other._stepBytes) return;
        if (_first == other._first && _rows <= 1) return;
        Apart(other);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApartWithin(in Operand other)
    {
        if (!BesideEachOther(other)) throw CallException.Argument($"{_name} overlaps {other._name}.");
    }

    /// <summary>Whether rows are equally far apart and the columns of one end before those of the other begin, all around.</summary>
    private bool BesideEachOther(in Operand other)
    {
        // A single row has the step of whatever it lies in.
        long step = _rows == 1 ? other._stepBytes : _stepBytes;
        if (other._rows != 1 && other._stepBytes != step) return false;
        long shift = (((other._first - _first) % step) + step) % step;
        return shift >= _rowBytes && shift + other._rowBytes <= step;
    }

    private static Operand Checked<T>(T* pointer, long rows, long columns, long ld, string name) where T : unmanaged
    {
        // No division here: small calls are to cost no more than the managed ones.
        ulong high = Math.BigMul((ulong)rows, (ulong)ld, out ulong elements);
        if (high != 0 || elements > MostElements || (ulong)columns > MostElements) throw TooLarge(rows, columns, ld, name);
        long rowBytes = columns * sizeof(T), stepBytes = ld * sizeof(T);
        long bytes = rows == 0 || columns == 0 ? 0 : ((rows - 1) * stepBytes) + rowBytes;
        if (bytes > 0)
        {
            if (pointer == null) throw Argument.Null(name, rows == 1 ? $"[{columns}]" : $"[{rows} x {columns}]");
            // A number is aligned to its size; the structures here begin with 8 bytes, the most that any of their members takes.
            nuint beyond = sizeof(T) >= 8 ? 7u : (nuint)sizeof(T) - 1;
            if (((nuint)pointer & beyond) != 0) throw CallException.Argument($"{name} is at 0x{(nuint)pointer:x}, which is no multiple of {beyond + 1}.");
            if ((long)pointer < 0 || bytes > long.MaxValue - (long)pointer) throw TooLarge(rows, columns, ld, name);
        }
        return new Operand((byte*)pointer, bytes, rows, rowBytes, stepBytes, name);
    }

    private static CallException BadStep(long rows, long columns, long ld, string name, string ldName) => CallException.Argument(ld < columns
        ? $"{ldName} is {ld}; expected at least {columns}, the columns of {name} [{rows} x {columns}]."
        : $"{ldName} is {ld}; expected at most {int.MaxValue}.");

    private static CallException TooLarge(long rows, long columns, long ld, string name)
        => CallException.Argument($"{name} [{rows} x {columns}] with rows {ld} apart cannot be addressed.");
}
