using System.Runtime.InteropServices;
using Google.Protobuf;
using GracefulKernels.Onnx;
using DataType = GracefulKernels.Onnx.TensorProto.Types.DataType;
using AttributeType = GracefulKernels.Onnx.AttributeProto.Types.AttributeType;

namespace GracefulKernels.Tests;

/// <summary>Small ONNX models written node by node, as exporters of different ages write them.</summary>
internal sealed class OnnxModels
{
    private readonly ModelProto _model;
    private int _seed = 1;

    public OnnxModels(long operators, params object[] input)
    {
        var shape = new TensorShapeProto();
        foreach (object d in input) shape.Dim.Add(d is string s ? new TensorShapeProto.Types.Dimension { DimParam = s } : new TensorShapeProto.Types.Dimension { DimValue = (int)d });
        _model = new ModelProto
        {
            IrVersion = 7,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = operators } },
            Graph = new GraphProto
            {
                Name = "g",
                Input = { new ValueInfoProto { Name = "x", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float, Shape = shape } } } },
            },
        };
    }

    public GraphProto Graph => _model.Graph;

    /// <summary>The model that ends in a value.</summary>
    public ModelProto Ending(string output)
    {
        _model.Graph.Output.Add(new ValueInfoProto { Name = output, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } } });
        return _model;
    }

    /// <summary>A node; its output is called as it is.</summary>
    public OnnxModels Node(string output, string type, string inputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { Name = output, OpType = type, Output = { output } };
        if (inputs.Length > 0) node.Input.Add(inputs.Split(' ').Select(i => i == "-" ? "" : i));
        foreach ((string name, object value) in attributes) node.Attribute.Add(Attribute(name, value));
        _model.Graph.Node.Add(node);
        return this;
    }

    /// <summary>Normal numbers, another seed for each.</summary>
    public OnnxModels Weights(string name, params int[] dims)
        => Floats(name, dims, RandomNetworks.Normal(dims.Aggregate(1, (a, b) => a * b), _seed++));

    public OnnxModels Floats(string name, int[] dims, params float[] values)
    {
        _model.Graph.Initializer.Add(Tensor(name, DataType.Float, MemoryMarshal.AsBytes(values.AsSpan()), dims));
        return this;
    }

    public OnnxModels Longs(string name, params long[] values)
    {
        _model.Graph.Initializer.Add(Tensor(name, DataType.Int64, MemoryMarshal.AsBytes(values.AsSpan()), values.Length));
        return this;
    }

    public OnnxModels Long(string name, long value)
    {
        _model.Graph.Initializer.Add(Tensor(name, DataType.Int64, MemoryMarshal.AsBytes([value])));
        return this;
    }

    public static TensorProto Tensor(string name, DataType type, ReadOnlySpan<byte> raw, params int[] dims)
        => new() { Name = name, DataType = (int)type, Dims = { dims.Select(d => (long)d) }, RawData = ByteString.CopyFrom(raw) };

    public static TensorProto FloatTensor(float value) => Tensor("", DataType.Float, MemoryMarshal.AsBytes([value]), 1);

    public static TensorProto LongTensor(params long[] values) => Tensor("", DataType.Int64, MemoryMarshal.AsBytes(values.AsSpan()), values.Length);

    /// <summary>Flattening by Shape, Gather, Unsqueeze and Concat, and a Pad whose operand is computed as PyTorch's exporter does it.</summary>
    public static ModelProto ShapeChain() => new OnnxModels(13, "batch", 2, 5, 4)
        .Weights("conv.weight", 3, 2, 3, 3).Weights("conv.bias", 3).Weights("fc.weight", 4, 60).Weights("fc.bias", 4)
        .Node("c", "Constant", "", ("value", LongTensor(1, 1, 1, 1)))
        .Node("n", "Constant", "", ("value", LongTensor(4)))
        .Node("zeros", "ConstantOfShape", "n", ("value", LongTensor(0)))
        .Node("pairs", "Concat", "c zeros", ("axis", 0L)).Longs("two", -1, 2).Node("square", "Reshape", "pairs two")
        .Longs("from", -1).Longs("to", long.MinValue + 1).Longs("axis0", 0).Longs("back", -1)
        .Node("turned", "Slice", "square from to axis0 back").Node("columns", "Transpose", "turned", ("perm", new long[] { 1, 0 }))
        .Longs("flat", -1).Node("row", "Reshape", "columns flat").Node("pads", "Cast", "row", ("to", (long)DataType.Int64))
        .Node("y", "Pad", "x pads").Node("z", "Conv", "y conv.weight conv.bias")
        .Node("shape", "Shape", "z").Long("first", 0).Node("batch", "Gather", "shape first", ("axis", 0L)).Longs("axes", 0)
        .Node("batch1", "Unsqueeze", "batch axes").Longs("rest", -1).Node("wanted", "Concat", "batch1 rest", ("axis", 0L))
        .Node("v", "Reshape", "z wanted").Node("logits", "Gemm", "v fc.weight fc.bias", ("transB", 1L)).Ending("logits");

    private static AttributeProto Attribute(string name, object value)
    {
        var a = new AttributeProto { Name = name };
        switch (value)
        {
            case long i: (a.Type, a.I) = (AttributeType.Int, i); break;
            case float f: (a.Type, a.F) = (AttributeType.Float, f); break;
            case string s: (a.Type, a.S) = (AttributeType.String, ByteString.CopyFromUtf8(s)); break;
            case TensorProto t: (a.Type, a.T) = (AttributeType.Tensor, t); break;
            case long[] ints: a.Type = AttributeType.Ints; a.Ints.Add(ints); break;
            case float[] floats: a.Type = AttributeType.Floats; a.Floats.Add(floats); break;
            default: throw new NotSupportedException(value.GetType().Name);
        }
        return a;
    }
}
