using System.Text.Json;
using System.Text.Unicode;

namespace GracefulKernels;

/// <summary>The JSON header of a safetensors file, read strictly: no unknown or repeated keys, no comments, nothing behind it but spaces.</summary>
internal static class SafetensorsHeader
{
    private const string Shape = """an object like {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}""";

    public static List<SafetensorsEntry> Parse(InputFile file, byte[] json, long dataLength, Dictionary<string, string> metadata)
    {
        if (!Utf8.IsValid(json)) throw file.Invalid("a header that is not UTF-8", Shape);
        if (json.Length == 0 || json[0] != '{') throw file.Invalid("a header that does not begin with '{'", Shape);
        List<SafetensorsEntry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        Utf8JsonReader reader = new(json);
        try
        {
            Next(ref reader, JsonTokenType.StartObject);
            while (NextIs(ref reader, JsonTokenType.PropertyName))
            {
                string name = Text(file, ref reader);
                if (!names.Add(name)) throw file.Invalid($"the name {Quote(name)} twice", "each name once");
                Next(ref reader, JsonTokenType.StartObject);
                if (name == SafetensorsFormat.MetadataKey) ReadMetadata(file, ref reader, metadata);
                else entries.Add(ReadEntry(file, ref reader, name, dataLength));
            }
            if (reader.Read()) throw new JsonException("found more behind the object");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw file.Invalid($"a header that is not what it should be ({OneLine(e.Message)})", Shape, e);
        }
        return entries;
    }

    /// <summary>A name as messages show it: quoted, and never long.</summary>
    public static string Quote(string name) => name.Length <= 100 ? $"'{OneLine(name)}'" : $"'{OneLine(name[..100])}…'";

    private static string OneLine(string text)
        => string.Create(text.Length, text, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) ? ' ' : from[i];
        });

    private static void ReadMetadata(InputFile file, ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        while (NextIs(ref reader, JsonTokenType.PropertyName))
        {
            string key = Text(file, ref reader);
            Next(ref reader, JsonTokenType.String);
            if (!metadata.TryAdd(key, Text(file, ref reader))) throw file.Invalid($"the metadata key {Quote(key)} twice", "each key once");
        }
    }

    private static SafetensorsEntry ReadEntry(InputFile file, ref Utf8JsonReader reader, string name, long dataLength)
    {
        string? type = null;
        long[]? shape = null, offsets = null;
        while (NextIs(ref reader, JsonTokenType.PropertyName))
        {
            string key = Text(file, ref reader);
            switch (key)
            {
                case "dtype" when type is null:
                    Next(ref reader, JsonTokenType.String);
                    type = Text(file, ref reader);
                    break;
                case "shape" when shape is null: shape = Integers(ref reader, ArrayShape.MaximumRank); break;
                case "data_offsets" when offsets is null: offsets = Integers(ref reader, 2); break;
                default: throw file.Invalid($"the key {Quote(key)} in tensor {Quote(name)}", "dtype, shape and data_offsets, each once");
            }
        }
        if (type is null || shape is null || offsets is not { Length: 2 })
        {
            throw file.Invalid($"tensor {Quote(name)} without dtype, shape or two data_offsets", Shape);
        }
        return Checked(file, name, type, shape, offsets[0], offsets[1], dataLength);
    }

    private static SafetensorsEntry Checked(InputFile file, string name, string type, long[] shape, long begin, long end, long dataLength)
    {
        if (SafetensorsFormat.TypeOf(type) is not { } element)
        {
            string remedy = type is "F16" or "BF16" ? "; convert to F32" : "";
            throw file.Invalid($"dtype {Quote(type)} in tensor {Quote(name)}", $"F32, F64, I32, I64 or U8{remedy}");
        }
        if (begin < 0 || end < begin || end > dataLength)
        {
            throw file.Invalid($"data_offsets [{begin}, {end}] of tensor {Quote(name)}", $"a range within the {dataLength} bytes of data");
        }
        string printed = ArrayShape.Print(shape);
        if (!ArrayShape.TryCount(shape, out long count) || count > long.MaxValue / element.Size())
        {
            throw file.Invalid($"shape {printed} of tensor {Quote(name)}", "dimensions that are not negative and whose size does not overflow");
        }
        if (count * element.Size() != end - begin)
        {
            throw file.Invalid($"{end - begin} bytes for tensor {Quote(name)}", $"{count * element.Size()} for {printed} {type}");
        }
        return new SafetensorsEntry(name, element, Array.AsReadOnly(shape), count, begin);
    }

    private static long[] Integers(ref Utf8JsonReader reader, int most)
    {
        Next(ref reader, JsonTokenType.StartArray);
        List<long> values = [];
        while (NextIs(ref reader, JsonTokenType.Number, JsonTokenType.EndArray))
        {
            if (values.Count == most) throw new FormatException($"more than {most} integers in a list");
            if (!reader.TryGetInt64(out long value)) throw new FormatException("a number that is no integer of 64 bits");
            values.Add(value);
        }
        return [.. values];
    }

    private static string Text(InputFile file, ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw file.Invalid("half of a surrogate pair in a string of the header", "Unicode text", e);
        }
    }

    private static void Next(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type) throw new FormatException($"{reader.TokenType} where {type} belongs");
    }

    /// <summary>True where the next token is of that type, false where it ends the object or list.</summary>
    private static bool NextIs(ref Utf8JsonReader reader, JsonTokenType type, JsonTokenType end = JsonTokenType.EndObject)
    {
        if (!reader.Read()) throw new FormatException("the header ends early");
        if (reader.TokenType == type) return true;
        return reader.TokenType == end ? false : throw new FormatException($"{reader.TokenType} where {type} belongs");
    }
}
