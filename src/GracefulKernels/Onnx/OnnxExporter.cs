using System.Runtime.InteropServices;
using Google.Protobuf;
using GracefulKernels.Kernels;

namespace GracefulKernels.Onnx;

/// <summary>A network as an ONNX model: one node a layer, initializers called after the parameters, number of samples open.</summary>
internal sealed class OnnxExporter
{
    /// <summary>Version 13 of the operators (2020) has every form used here; format 7 is the first that holds it.</summary>
    private const int Operators = 13, Format = 7;

    private const string InputName = "image", OutputName = "logits";

    private readonly Network _network;
    private readonly GraphProto _graph = new() { Name = "network" };
    private readonly string[] _values;

    private OnnxExporter(Network network)
    {
        _network = network;
        _values = new string[network.Nodes.Count];
    }

    public static ModelProto Export(Network network)
    {
        var exporter = new OnnxExporter(network);
        exporter.Run();
        return new ModelProto
        {
            IrVersion = Format,
            ProducerName = "GracefulKernels",
            ProducerVersion = typeof(Network).Assembly.GetName().Version?.ToString(3) ?? "",
            Graph = exporter._graph,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = Operators } },
        };
    }

    private void Run()
    {
        IReadOnlyList<LayerNode> nodes = _network.Nodes;
        LayerShape x = nodes[0].Shape;
        // A flattened image is given as an image: the order of its elements is nobody's guess then.
        bool flattens = x.IsFlat && x.Pixels > 1;
        _graph.Input.Add(Value(InputName, flattens ? x with { IsFlat = false } : x));
        _values[0] = InputName;
        if (flattens) Node(0, "flatten", "Flatten", [InputName], Int("axis", 1));
        for (int i = 1; i < nodes.Count; i++) Write(i, nodes[i]);
        _graph.Output.Add(Value(OutputName, nodes[^1].Shape));
    }

    private void Write(int i, LayerNode node)
    {
        string[] from = [.. node.Inputs.Select(v => _values[v])];
        switch (node)
        {
            case ConvolutionNode n: Node(i, n.Name, "Conv", [from[0], .. Parameters(n)], Window(n.Convolution)); break;
            case LinearNode n: Node(i, n.Name, "Gemm", [from[0], .. Parameters(n)], Int("transB", 1)); break;
            case BatchNormNode n:
                // fp32, as the format has it; read back it is the same where it is a short decimal number.
                Node(i, n.Name, "BatchNormalization", [from[0], .. Parameters(n), .. Statistics(n)], Float("epsilon", (float)n.Epsilon));
                break;
            case LeakyReluNode { Slope: 0 } n: Node(i, n.Name, "Relu", from); break;
            case LeakyReluNode n: Node(i, n.Name, "LeakyRelu", from, Float("alpha", n.Slope)); break;
            case MaxPoolNode n: Node(i, n.Name, "MaxPool", from, Window(n.Pool)); break;
            case MeanPoolNode n: Node(i, n.Name, "AveragePool", from, [.. Window(n.Pool), Int("count_include_pad", n.Pool.CountPadding ? 1 : 0)]); break;
            case GlobalMeanNode n: Node(i, n.Name, "ReduceMean", from, Ints("axes", 2, 3), Int("keepdims", 0)); break;
            case AddNode n: Node(i, n.Name, "Add", from); break;
            case FlattenNode n: Node(i, n.Name, "Flatten", from, Int("axis", 1)); break;
            case ShortcutNode n: Shortcut(i, n, from[0]); break;
            case FrozenLinearNode: throw new NotSupportedException("A frozen head has no ONNX form: read back it would be trainable. Export WithoutFrozenHead().");
            default: throw new NotSupportedException($"Layer '{node.Name}' has no ONNX form here.");
        }
    }

    /// <summary>Every stride-th pixel by Slice, new channels by Pad; Identity where there is neither.</summary>
    private void Shortcut(int i, ShortcutNode node, string from)
    {
        ShortcutShape s = node.Shortcut;
        bool pads = s.Before + s.After > 0;
        if (s.Stride == 1 && !pads)
        {
            Node(i, node.Name, "Identity", [from]);
            return;
        }
        if (s.Stride > 1)
        {
            string[] ranges =
            [
                Integers($"{node.Name}.starts", 0, 0), Integers($"{node.Name}.ends", long.MaxValue, long.MaxValue),
                Integers($"{node.Name}.axes", 2, 3), Integers($"{node.Name}.steps", s.Stride, s.Stride),
            ];
            if (!pads)
            {
                Node(i, node.Name, "Slice", [from, .. ranges]);
                return;
            }
            string sliced = $"{node.Name}/sliced";
            _graph.Node.Add(new NodeProto { Name = sliced, OpType = "Slice", Input = { (string[])[from, .. ranges] }, Output = { sliced } });
            from = sliced;
        }
        Node(i, node.Name, "Pad", [from, Integers($"{node.Name}.pads", 0, s.Before, 0, 0, 0, s.After, 0, 0)]);
    }

    private void Node(int i, string name, string type, string[] inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        // No layer's value is called like a parameter: those end in .weight and the like.
        _values[i] = i == _network.Nodes.Count - 1 ? OutputName : $"{name}/output";
        var node = new NodeProto { Name = name, OpType = type, Input = { inputs }, Output = { _values[i] } };
        foreach (AttributeProto a in attributes) node.Attribute.Add(a);
        _graph.Node.Add(node);
    }

    private IEnumerable<string> Parameters(LayerNode node)
    {
        foreach (ParameterInfo p in _network.Parameters.Parameters.Where(p => p.Layer == node.Name))
        {
            yield return Floats(p.Name, _network.GetTensor(p.Name), [.. p.Shape]);
        }
    }

    private IEnumerable<string> Statistics(BatchNormNode node)
    {
        foreach (string name in (string[])[$"{node.Name}.running_mean", $"{node.Name}.running_var"])
        {
            yield return Floats(name, _network.GetTensor(name), [node.Shape.Channels]);
        }
    }

    private string Floats(string name, float[] values, int[] dims)
        => Initializer(name, TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes(values.AsSpan()), [.. dims.Select(d => (long)d)]);

    private string Integers(string name, params ReadOnlySpan<long> values)
        => Initializer(name, TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes(values), [values.Length]);

    private string Initializer(string name, TensorProto.Types.DataType type, ReadOnlySpan<byte> raw, long[] dims)
    {
        _graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)type, Dims = { dims }, RawData = ByteString.CopyFrom(raw) });
        return name;
    }

    private static AttributeProto[] Window(ConvolutionShape s) =>
    [
        Ints("kernel_shape", s.KernelHeight, s.KernelWidth), Ints("strides", s.StrideY, s.StrideX),
        Ints("pads", s.PadTop, s.PadLeft, s.PadBottom, s.PadRight), Ints("dilations", s.DilationY, s.DilationX), Int("group", 1),
    ];

    private static AttributeProto[] Window(PoolShape s) =>
    [
        Ints("kernel_shape", s.KernelHeight, s.KernelWidth), Ints("strides", s.StrideY, s.StrideX), Ints("pads", s.PadTop, s.PadLeft, s.PadBottom, s.PadRight),
    ];

    private static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    private static AttributeProto Float(string name, float value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    private static AttributeProto Ints(string name, params ReadOnlySpan<long> values)
    {
        var a = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        foreach (long v in values) a.Ints.Add(v);
        return a;
    }

    private static ValueInfoProto Value(string name, LayerShape shape)
    {
        var dims = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "batch" } } };
        foreach (int d in shape.IsFlat ? (int[])[shape.Elements] : [shape.Channels, shape.Height, shape.Width])
        {
            dims.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = d });
        }
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = dims } },
        };
    }
}
