using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;

namespace GracefulKernels;

/// <summary>
/// An array that stays in its file: the file is mapped into memory, read-only, and pages come in where an operation reads them. For logits and galleries that are larger than memory, or that are read once.
/// </summary>
/// <remarks>
/// Spans are used before <see cref="Dispose"/>: reading one after it ends the process. There is no finalizer that would unmap under a span still in use; an array that is never disposed of stays mapped. Nobody may
/// cut the file short while it is mapped: reading what is gone ends the process too (<see cref="NpyReader"/> reads, and says so instead).
/// </remarks>
public sealed unsafe class MappedArray : IDisposable
{
    private readonly nint[] _lengths;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _first;
    private int _disposed;

    private MappedArray(InputFile file, ElementType type, long[] shape, long offset)
    {
        (FilePath, Type) = (file.FilePath, type);
        _lengths = shape.Length == 0 ? [1] : [.. shape.Select(length => (nint)length)];
        Shape = Array.AsReadOnly(shape);
        _ = ArrayShape.TryCount(shape, out long count);
        Count = count;
        if (offset % type.Size() != 0)
        {
            throw file.Invalid($"elements from byte {offset} on", $"a multiple of {type.Size()}, the size of {type.Word()}; NpyReader and NpyFile read such a file");
        }
        _map = MemoryMappedFile.CreateFromFile(file.Handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _first = start + offset;
        }
        catch
        {
            _view?.Dispose();
            _map.Dispose();
            throw;
        }
    }

    /// <summary>The path as it was given.</summary>
    public string FilePath { get; }

    /// <summary>Type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>Length of each dimension, outermost first; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements: the product of <see cref="Shape"/>.</summary>
    public long Count { get; }

    /// <summary>Address of the first element.</summary>
    /// <exception cref="ObjectDisposedException">The file is no longer mapped.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            return (nint)_first;
        }
    }

    /// <summary>Maps a .npy file. Header and length of the file are checked first, as <see cref="NpyReader.Open"/> does.</summary>
    /// <param name="path">A file on a disk.</param>
    /// <exception cref="InvalidDataException">As of <see cref="NpyReader.Open"/>; or the elements do not begin at a multiple of their size, as NumPy's do.</exception>
    /// <inheritdoc cref="NpyReader.Open" path="/exception[not(contains(@cref, 'InvalidData'))]"/>
    public static MappedArray Open(string path)
    {
        // The map outlives the handle.
        using InputFile file = InputFile.Open(path, "a .npy file");
        NpyHeader header = NpyHeader.Read(file);
        return new MappedArray(file, header.Type, header.Shape, header.DataOffset);
    }

    /// <summary>Maps elements that lie in a file in C order, little-endian, without a header of a known kind.</summary>
    /// <param name="path">A file on a disk.</param>
    /// <param name="type">Type of the elements.</param>
    /// <param name="shape">Length of each dimension, outermost first.</param>
    /// <param name="byteOffset">Where they begin, a multiple of an element's size. What lies behind the last is left alone.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ArgumentException">The shape is none, or the offset is negative or no multiple of an element's size.</exception>
    /// <exception cref="InvalidDataException">The file is shorter than that.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not allowed.</exception>
    public static MappedArray OpenRaw(string path, ElementType type, ReadOnlySpan<long> shape, long byteOffset = 0)
    {
        if (!Enum.IsDefined(type)) throw new ArgumentOutOfRangeException(nameof(type), type, "Not an element type.");
        if (shape.Length > ArrayShape.MaximumRank) throw new ArgumentException($"shape has {shape.Length} dimensions; expected at most {ArrayShape.MaximumRank}.", nameof(shape));
        if (!ArrayShape.TryCount(shape, out long count) || count > long.MaxValue / type.Size())
        {
            throw new ArgumentException($"shape is {ArrayShape.Print(shape)}; expected no negative dimension, and a size of 63 bits.", nameof(shape));
        }
        if (byteOffset < 0 || byteOffset % type.Size() != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(byteOffset), byteOffset, $"byteOffset is {byteOffset}; expected a multiple of {type.Size()}, the size of {type.Word()}, at least 0.");
        }
        using InputFile file = InputFile.Open(path, "a binary file");
        long bytes = count * type.Size();
        if (byteOffset > file.Length || bytes > file.Length - byteOffset)
        {
            throw file.Invalid($"{file.Length} bytes", $"{bytes} from byte {byteOffset} on, for {ArrayShape.Print(shape)} {type.Word()}");
        }
        return new MappedArray(file, type, shape.ToArray(), byteOffset);
    }

    /// <summary>The elements where they lie, of any number: what operations over tensor spans take.</summary>
    /// <typeparam name="T">The type that <see cref="Type"/> names; <see cref="byte"/> for booleans, whose bytes nobody has checked.</typeparam>
    /// <returns>A span of the array's shape; [1] for a single number.</returns>
    /// <exception cref="InvalidOperationException">The file holds another type.</exception>
    /// <exception cref="ObjectDisposedException">The file is no longer mapped.</exception>
    public ReadOnlyTensorSpan<T> AsReadOnlyTensorSpan<T>() where T : unmanaged
    {
        CheckAccess<T>();
        return ForeignTensor.AsReadOnly((T*)_first, _lengths);
    }

    /// <summary>The elements as one span.</summary>
    /// <typeparam name="T">As of <see cref="AsReadOnlyTensorSpan{T}"/>.</typeparam>
    /// <exception cref="InvalidOperationException">The file holds another type, or more elements than a span can count; a tensor span can.</exception>
    /// <exception cref="ObjectDisposedException">The file is no longer mapped.</exception>
    public ReadOnlySpan<T> AsReadOnlySpan<T>() where T : unmanaged
    {
        CheckAccess<T>();
        if (Count > int.MaxValue) throw new InvalidOperationException($"{FilePath} has {Count} elements; a span has at most {int.MaxValue}. AsReadOnlyTensorSpan has any number.");
        return new ReadOnlySpan<T>(_first, (int)Count);
    }

    /// <summary>Unmaps the file, the first time only. No span of it may be used any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    private void CheckAccess<T>() where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        bool known = Type == ElementType.Bool ? typeof(T) == typeof(byte) : ElementTypes.Of<T>() == Type;
        if (!known) throw new InvalidOperationException($"{FilePath} holds {Type.Word()}, not {ElementTypes.Of<T>().Word()}{(Type == ElementType.Bool ? "; its bytes are uint8" : "")}.");
    }
}
