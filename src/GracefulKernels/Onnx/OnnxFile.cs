using Google.Protobuf;

namespace GracefulKernels.Onnx;

/// <summary>
/// The messages of an ONNX file. An empty message takes two bytes in a file and some hundred as an object, so they are counted before they are made.
/// Lengths are checked against the bytes that are there, here and by the parser.
/// </summary>
internal static class OnnxFile
{
    /// <summary>Ten times what a network of a thousand layers has.</summary>
    private const int MaximumMessages = 500_000;

    private const int Varint = 0, Fixed64 = 1, LengthDelimited = 2, Fixed32 = 5;

    private enum Level
    {
        Model,
        Graph,
        Node,
        Attribute,
        Tensor,
        Value,
        Type,
        TensorType,
        Shape,
    }

    public static ModelProto Read(string path, out long length)
    {
        byte[] bytes;
        using (InputFile file = InputFile.Open(path, "an ONNX file"))
        {
            if (file.Length > Array.MaxLength) throw file.Invalid($"{file.Length} bytes", $"at most {Array.MaxLength} (a protobuf message)");
            bytes = new byte[file.Length];
            file.Read(0, bytes.AsSpan());
        }
        length = bytes.Length;
        try
        {
            int messages = 0;
            Count(bytes, Level.Model, ref messages);
            return ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or FormatException)
        {
            throw new InvalidDataException($"{path}: found bytes that are no ONNX model ({e.Message.TrimEnd('.')}); expected one in protobuf.", e);
        }
    }

    /// <summary>Counts what lies in each other: model, graph, nodes, attributes, tensors, values; a string counts too.</summary>
    private static void Count(ReadOnlySpan<byte> message, Level level, ref int messages)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Number(message, ref at);
            int wire = (int)(tag & 7);
            if (wire == Varint)
            {
                _ = Number(message, ref at);
                continue;
            }
            ulong length = wire switch
            {
                Fixed64 => 8,
                Fixed32 => 4,
                LengthDelimited => Number(message, ref at),
                _ => throw new FormatException($"a field of wire type {wire}"),
            };
            if (length > (ulong)(message.Length - at)) throw new FormatException($"a field of {length} bytes where {message.Length - at} are left");
            ReadOnlySpan<byte> content = message.Slice(at, (int)length);
            at += (int)length;
            if (wire != LengthDelimited) continue;
            if (++messages > MaximumMessages) throw new FormatException($"more than {MaximumMessages} messages and strings in the graph");
            if (Inside(level, tag >> 3) is { } inside) Count(content, inside, ref messages);
        }
    }

    private static Level? Inside(Level level, ulong field) => (level, field) switch
    {
        (Level.Model, ModelProto.GraphFieldNumber) => Level.Graph,
        (Level.Graph, GraphProto.NodeFieldNumber) => Level.Node,
        (Level.Graph, GraphProto.InitializerFieldNumber) => Level.Tensor,
        (Level.Graph, GraphProto.InputFieldNumber or GraphProto.OutputFieldNumber) => Level.Value,
        (Level.Node, NodeProto.AttributeFieldNumber) => Level.Attribute,
        (Level.Attribute, AttributeProto.TFieldNumber) => Level.Tensor,
        (Level.Value, ValueInfoProto.TypeFieldNumber) => Level.Type,
        (Level.Type, TypeProto.TensorTypeFieldNumber) => Level.TensorType,
        (Level.TensorType, TypeProto.Types.Tensor.ShapeFieldNumber) => Level.Shape,
        _ => null,
    };

    private static ulong Number(ReadOnlySpan<byte> message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (at == message.Length) throw new FormatException("a number that ends early");
            byte b = message[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new FormatException("a number of more than 64 bits");
    }
}
