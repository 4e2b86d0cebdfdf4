using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GracefulKernels;

/// <summary>
/// Writes a safetensors file: tensors in the order in which they were added, metadata in theirs, a header padded to 64 bytes; the same input
/// gives the same bytes. The values are not copied: they are read when <see cref="Save"/> runs.
/// </summary>
public sealed class SafetensorsWriter
{
    private const int Alignment = 64;

    private readonly List<Tensor> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, string>> _metadata = [];

    /// <summary>Adds a tensor as F32.</summary>
    /// <param name="name">Its name, new in this file and not <c>__metadata__</c>.</param>
    /// <param name="values">The elements in C order; not copied.</param>
    /// <param name="shape">Length of each dimension, outermost first; none for a single number.</param>
    /// <exception cref="ArgumentException">
    /// The name is empty, reserved or taken, or the product of <paramref name="shape"/> is not the number of values.
    /// </exception>
    public SafetensorsWriter Add(string name, ReadOnlyMemory<float> values, params ReadOnlySpan<long> shape) => AddAny(name, values, shape);

    /// <summary>Adds a tensor as F64.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlyMemory{float}, ReadOnlySpan{long})"/>
    public SafetensorsWriter Add(string name, ReadOnlyMemory<double> values, params ReadOnlySpan<long> shape) => AddAny(name, values, shape);

    /// <summary>Adds a tensor as I32.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlyMemory{float}, ReadOnlySpan{long})"/>
    public SafetensorsWriter Add(string name, ReadOnlyMemory<int> values, params ReadOnlySpan<long> shape) => AddAny(name, values, shape);

    /// <summary>Adds a tensor as I64.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlyMemory{float}, ReadOnlySpan{long})"/>
    public SafetensorsWriter Add(string name, ReadOnlyMemory<long> values, params ReadOnlySpan<long> shape) => AddAny(name, values, shape);

    /// <summary>Adds a tensor as U8.</summary>
    /// <inheritdoc cref="Add(string, ReadOnlyMemory{float}, ReadOnlySpan{long})"/>
    public SafetensorsWriter Add(string name, ReadOnlyMemory<byte> values, params ReadOnlySpan<long> shape) => AddAny(name, values, shape);

    /// <summary>Adds a string to <c>__metadata__</c>.</summary>
    /// <param name="key">Its key, new in this file.</param>
    /// <param name="value">The string.</param>
    /// <exception cref="ArgumentException">The key is there already.</exception>
    public SafetensorsWriter AddMetadata(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (_metadata.Any(m => m.Key == key)) throw new ArgumentException($"The metadata key '{key}' is there already.", nameof(key));
        _metadata.Add(new(key, value));
        return this;
    }

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <param name="path">Target; replaced where it exists.</param>
    /// <param name="cancellation">Looked at between tensors.</param>
    /// <inheritdoc cref="AtomicFile.Write" path="/exception"/>
    public void Save(string path, CancellationToken cancellation = default)
    {
        byte[] header = Header();
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (Tensor tensor in _tensors)
            {
                cancellation.ThrowIfCancellationRequested();
                tensor.Write(stream);
            }
        }, cancellation);
    }

    private byte[] Header()
    {
        using MemoryStream bytes = new();
        bytes.Write(new byte[8]);
        // Names are written as they are, not as \u escapes: the header is UTF-8 and no web page.
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject(SafetensorsFormat.MetadataKey);
                foreach ((string key, string value) in _metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (Tensor tensor in _tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", SafetensorsFormat.Name(tensor.Type));
                json.WriteStartArray("shape");
                foreach (long dimension in tensor.Shape) json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (bytes.Length % Alignment != 0) bytes.WriteByte((byte)' ');
        byte[] header = bytes.ToArray();
        long length = header.Length - 8;
        if (length > SafetensorsFormat.MaximumHeader)
        {
            throw new InvalidOperationException($"The header has {length} bytes; expected at most {SafetensorsFormat.MaximumHeader}.");
        }
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    private SafetensorsWriter AddAny<T>(string name, ReadOnlyMemory<T> values, ReadOnlySpan<long> shape) where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        long[] dimensions = ArrayShape.Checked(shape, values.Length, nameof(shape));
        if (name == SafetensorsFormat.MetadataKey) throw new ArgumentException($"'{name}' is reserved; use AddMetadata.", nameof(name));
        if (!_names.Add(name)) throw new ArgumentException($"There is a tensor '{name}' already.", nameof(name));
        ElementType type = ElementTypes.Of<T>();
        _tensors.Add(new Tensor(name, type, dimensions, (long)values.Length * type.Size(), stream => NpyFile.WriteElements(stream, values.Span)));
        return this;
    }

    private sealed record Tensor(string Name, ElementType Type, long[] Shape, long Bytes, Action<Stream> Write);
}
