using System.Text;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>
/// Models of one node as ONNX files in memory, by the field numbers of onnx.proto: a message is a sequence of (field number, wire type,
/// value), nested messages with their length before them.
/// </summary>
internal static class OnnxModel
{
    private const int Float = 1, Varint = 0, Length = 2;
    private const long OperatorSet = 17, FormatVersion = 8;

    /// <summary><c>C = op(A)·op(B)</c>, inputs "a" and "b", output "y".</summary>
    public static byte[] Gemm(int m, int n, int k, bool transposeA, bool transposeB) => Model(graph =>
    {
        Message(graph, 1, node => Node(node, "Gemm", ["a", "b"], attributes =>
        {
            Attribute(attributes, "transA", transposeA ? 1 : 0);
            Attribute(attributes, "transB", transposeB ? 1 : 0);
        }));
        Message(graph, 11, value => Value(value, "a", transposeA ? [k, m] : [m, k]));
        Message(graph, 11, value => Value(value, "b", transposeB ? [n, k] : [k, n]));
        Message(graph, 12, value => Value(value, "y", [m, n]));
    });

    /// <summary>A convolution of input "a" (NCHW) with constant weights (OIHW), output "y".</summary>
    public static byte[] Convolution(long[] input, long[] weights, ReadOnlyMemory<byte> values, long[] output, long stride, long padding) => Model(graph =>
    {
        Message(graph, 1, node => Node(node, "Conv", ["a", "w"], attributes =>
        {
            Attribute(attributes, "kernel_shape", weights[2], weights[3]);
            Attribute(attributes, "strides", stride, stride);
            Attribute(attributes, "pads", padding, padding, padding, padding);
        }));
        // TensorProto: dims, data_type, name, raw_data.
        Message(graph, 5, tensor =>
        {
            foreach (long d in weights) Number(tensor, 1, d);
            Number(tensor, 2, Float);
            Text(tensor, 8, "w");
            Bytes(tensor, 9, values.Span);
        });
        Message(graph, 11, value => Value(value, "a", input));
        Message(graph, 12, value => Value(value, "y", output));
    });

    private static byte[] Model(Action<Stream> graph)
    {
        MemoryStream model = new();
        Number(model, 1, FormatVersion);
        Message(model, 7, g =>
        {
            Text(g, 2, "one");
            graph(g);
        });
        // OperatorSetIdProto of the default domain.
        Message(model, 8, set =>
        {
            Text(set, 1, "");
            Number(set, 2, OperatorSet);
        });
        return model.ToArray();
    }

    private static void Node(Stream node, string type, string[] inputs, Action<Stream> attributes)
    {
        foreach (string input in inputs) Text(node, 1, input);
        Text(node, 2, "y");
        Text(node, 4, type);
        attributes(node);
    }

    private static void Attribute(Stream node, string name, params ReadOnlySpan<long> values)
    {
        const int Int = 2, Ints = 7;
        MemoryStream attribute = new();
        Text(attribute, 1, name);
        foreach (long value in values) Number(attribute, values.Length == 1 ? 3 : 8, value);
        Number(attribute, 20, values.Length == 1 ? Int : Ints);
        Bytes(node, 5, attribute.ToArray());
    }

    // ValueInfoProto { name, type { tensor_type { elem_type, shape { dim { dim_value } } } } }
    private static void Value(Stream value, string name, long[] dimensions)
    {
        Text(value, 1, name);
        Message(value, 2, type => Message(type, 1, tensor =>
        {
            Number(tensor, 1, Float);
            Message(tensor, 2, shape =>
            {
                foreach (long d in dimensions) Message(shape, 1, dimension => Number(dimension, 1, d));
            });
        }));
    }

    private static void Message(Stream to, int field, Action<Stream> content)
    {
        MemoryStream message = new();
        content(message);
        Bytes(to, field, message.ToArray());
    }

    private static void Text(Stream to, int field, string text) => Bytes(to, field, Encoding.UTF8.GetBytes(text));

    private static void Bytes(Stream to, int field, ReadOnlySpan<byte> bytes)
    {
        Base128(to, (ulong)((field << 3) | Length));
        Base128(to, (ulong)bytes.Length);
        to.Write(bytes);
    }

    private static void Number(Stream to, int field, long value)
    {
        Base128(to, (ulong)((field << 3) | Varint));
        Base128(to, (ulong)value);
    }

    private static void Base128(Stream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7) to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }
}
