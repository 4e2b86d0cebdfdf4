using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace GracefulKernels;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Type of the elements.</param>
/// <param name="Shape">Length of each dimension, outermost first; empty for a single number.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="Offset">First byte, counted from the end of the header.</param>
public sealed record SafetensorsEntry(string Name, ElementType Type, IReadOnlyList<long> Shape, long Count, long Offset);

/// <summary>
/// Reads a safetensors file: F32, F64, I32, I64 and U8 tensors. The whole header is checked when the file is opened (names once, ranges
/// inside the file, no overlap, no gap, shapes that match their bytes); tensors are read when asked for. Metadata is kept. One reader may be
/// used by several threads at once.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private readonly InputFile _file;
    private readonly long _dataOffset;
    private readonly Dictionary<string, SafetensorsEntry> _byName;

    private SafetensorsReader(InputFile file)
    {
        _file = file;
        Span<byte> start = stackalloc byte[8];
        if (file.Length < start.Length) throw file.Invalid($"{file.Length} bytes", "a safetensors file, which has at least 8");
        file.Read(0, start);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > SafetensorsFormat.MaximumHeader) throw file.Invalid($"a header of {length} bytes", $"at most {SafetensorsFormat.MaximumHeader}");
        if (8 + (long)length > file.Length) throw file.Invalid($"a header of {length} bytes in a file of {file.Length}", "a header inside the file");
        byte[] json = new byte[length];
        file.Read(8, json);
        _dataOffset = 8 + (long)length;
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        List<SafetensorsEntry> entries = SafetensorsHeader.Parse(file, json, file.Length - _dataOffset, metadata);
        CheckCover(file, entries, file.Length - _dataOffset);
        Metadata = metadata;
        Tensors = entries.AsReadOnly();
        _byName = entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    /// <summary>The path as it was given.</summary>
    public string FilePath => _file.FilePath;

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<SafetensorsEntry> Tensors { get; }

    /// <summary>The strings of <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">A file on a disk.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is no safetensors file or a damaged one, or holds a type that is refused by name (F16, BF16: convert to F32).
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not allowed.</exception>
    public static SafetensorsReader Open(string path)
    {
        InputFile file = InputFile.Open(path, "a safetensors file");
        try
        {
            return new SafetensorsReader(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Looks for a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="entry">The tensor, where there is one.</param>
    public bool TryFind(string name, [NotNullWhen(true)] out SafetensorsEntry? entry) => _byName.TryGetValue(name, out entry);

    /// <summary>A tensor by name.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidDataException">There is none; the message names those that there are.</exception>
    public SafetensorsEntry Find(string name)
    {
        if (TryFind(name, out SafetensorsEntry? entry)) return entry;
        const int Shown = 10;
        string there = string.Join(", ", Tensors.Take(Shown).Select(t => SafetensorsHeader.Quote(t.Name)));
        string more = Tensors.Count > Shown ? $" and {Tensors.Count - Shown} more" : "";
        throw _file.Invalid($"no tensor {SafetensorsHeader.Quote(name)}", $"one of {there}{more}");
    }

    /// <summary>Reads a tensor with the type that it has in the file.</summary>
    /// <typeparam name="T">The type that the entry names.</typeparam>
    /// <param name="name">Name of the tensor.</param>
    /// <returns>The elements in C order.</returns>
    /// <exception cref="InvalidDataException">There is no such tensor, or it holds another type or more elements than an array can have.</exception>
    public T[] Read<T>(string name) where T : unmanaged
    {
        SafetensorsEntry entry = Typed<T>(name);
        if (entry.Count > Array.MaxLength)
        {
            throw _file.Invalid($"{entry.Count} elements in tensor {SafetensorsHeader.Quote(name)}", $"at most {Array.MaxLength}");
        }
        T[] values = new T[entry.Count];
        _file.Read(_dataOffset + entry.Offset, values.AsSpan());
        return values;
    }

    /// <summary>Reads a tensor into memory of the caller.</summary>
    /// <typeparam name="T">The type that the entry names.</typeparam>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="destination">Receives all elements in C order; exactly as long as the tensor.</param>
    /// <exception cref="ArgumentException">The length is another.</exception>
    /// <exception cref="InvalidDataException">There is no such tensor, or it holds another type.</exception>
    public void Read<T>(string name, Span<T> destination) where T : unmanaged
    {
        SafetensorsEntry entry = Typed<T>(name);
        if (destination.Length != entry.Count)
        {
            throw new ArgumentException(
                $"destination has {destination.Length} elements; expected {entry.Count} ({SafetensorsHeader.Quote(name)} is {ArrayShape.Print([.. entry.Shape])}).",
                nameof(destination));
        }
        _file.Read(_dataOffset + entry.Offset, destination);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private SafetensorsEntry Typed<T>(string name) where T : unmanaged
    {
        ElementType asked = ElementTypes.Of<T>();
        SafetensorsEntry entry = Find(name);
        if (entry.Type != asked) throw _file.Invalid($"{entry.Type.Word()} in tensor {SafetensorsHeader.Quote(name)}", asked.Word());
        return entry;
    }

    private static void CheckCover(InputFile file, List<SafetensorsEntry> entries, long dataLength)
    {
        long covered = 0;
        foreach (SafetensorsEntry entry in entries.OrderBy(e => e.Offset).ThenBy(e => e.Count))
        {
            if (entry.Offset != covered)
            {
                string fault = entry.Offset < covered ? "overlaps the tensor before it" : "leaves a gap before it";
                throw file.Invalid($"tensor {SafetensorsHeader.Quote(entry.Name)} at byte {entry.Offset}, which {fault}", $"byte {covered}");
            }
            covered += entry.Count * entry.Type.Size();
        }
        if (covered != dataLength) throw file.Invalid($"{dataLength} bytes of data", $"{covered}, the sum of all tensors");
    }
}
