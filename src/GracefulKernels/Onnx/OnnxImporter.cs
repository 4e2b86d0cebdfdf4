namespace GracefulKernels.Onnx;

/// <summary>
/// Turns a graph into layers, node by node in the order of the file. What depends on constants (and on the shapes of activations) alone is computed at
/// once; the rest becomes layers. The number of samples is left open even where the file fixes it.
/// </summary>
internal sealed partial class OnnxImporter
{
    private readonly OnnxGraph _graph;
    private readonly OnnxOptions _options;
    private readonly OnnxTensorReader _reader;
    private readonly NetworkBuilder _builder;
    private readonly Dictionary<string, OnnxValue> _values = [];
    private readonly HashSet<string> _weightsInUse = [];
    private readonly OnnxLayerNames _names = new();

    /// <summary>The batch of a file that fixes it.</summary>
    private readonly long? _fixedBatch;

    private OnnxImporter(OnnxGraph graph, OnnxOptions options, long fileLength)
    {
        (_graph, _options, _reader) = (graph, options, new OnnxTensorReader(graph.Path, fileLength));
        int[] dims = InputDims(out _fixedBatch);
        _builder = dims.Length == 3 ? new NetworkBuilder(dims[1], dims[2], dims[0]) : new NetworkBuilder(dims[0]);
        _values.Add(graph.Input.Name, new OnnxActivation(_builder.Input, dims));
    }

    /// <summary>The graph's layers, and every tensor of theirs in PyTorch's layout.</summary>
    public static (NetworkBuilder Builder, LayerOutput Output, Dictionary<string, float[]> Tensors) Import(string path, OnnxOptions options)
    {
        ModelProto model = OnnxFile.Read(path, out long length);
        OnnxGraph graph = OnnxGraph.Read(path, model);
        try
        {
            var importer = new OnnxImporter(graph, options, length);
            LayerOutput output = importer.Run();
            return (importer._builder, output, importer.Tensors);
        }
        catch (Exception e) when (e is OverflowException or ArgumentException)
        {
            throw graph.Fail($"the network is larger than can be computed ({e.Message})");
        }
    }

    public Dictionary<string, float[]> Tensors { get; } = [];

    private LayerOutput Run()
    {
        foreach (OnnxNode node in _graph.Nodes)
        {
            if (node.Domain is not ("" or "ai.onnx"))
            {
                throw node.Unsupported($"is of the operator set {OnnxNode.Quote(node.Domain)}; expected operators of ONNX itself: export without custom or fused operators");
            }
            try
            {
                OnnxValue value = Convert(node);
                node.ExpectAllRead();
                SetOutput(node, value);
            }
            catch (Exception e) when (e is ArgumentException or OverflowException)
            {
                throw node.Fail($"cannot be a layer here: {e.Message.TrimEnd('.')}", e);
            }
        }
        if (_values[_graph.OutputName] is not OnnxActivation output) throw _graph.Fail("the output does not depend on the input");
        OnnxNode last = _graph.Nodes[^1];
        LayerOutput layer = Plain(last, output);
        if (layer.Index == 0) throw _graph.Fail("the output is the input; expected a network");
        return layer;
    }

    private OnnxValue Convert(OnnxNode node) => node.Operator switch
    {
        "Constant" => Constant(node),
        "Shape" => Shape(node),
        "Identity" => Any(node, 0),
        "Dropout" => Dropout(node),
        _ when node.Inputs.Any(i => i.Length > 0) && node.Inputs.All(i => i.Length == 0 || Value(node, i) is OnnxTensor) => Fold(node),
        "Conv" => Convolution(node),
        "Gemm" => Gemm(node),
        "MatMul" => MatMul(node),
        "BatchNormalization" => BatchNormalization(node),
        "Relu" => Activate(node, _options.Relu.Slope),
        "LeakyRelu" => Activate(node, node.Float("alpha", 0.01f)),
        "MaxPool" => MaxPool(node),
        "AveragePool" => AveragePool(node),
        "GlobalAveragePool" => GlobalMean(node, keepDims: true),
        "ReduceMean" => ReduceMean(node),
        "Add" => Add(node),
        "Mul" => TimesZero(node),
        "Flatten" => Flatten(node),
        "Reshape" => Reshape(node),
        "Squeeze" => Squeeze(node),
        "Unsqueeze" => Unsqueeze(node),
        "Cast" => CastActivation(node),
        "Pad" => Pad(node),
        "Slice" => Slice(node),
        "Concat" => Concat(node),
        _ => throw node.Unsupported(
            "is not supported; known are Conv, Gemm, MatMul, BatchNormalization, Relu, LeakyRelu, MaxPool, AveragePool, GlobalAveragePool, ReduceMean over pixels, "
            + "Add, Flatten, Reshape, Pad, strided Slice, Concat with zeros, Identity, Dropout, Constant and arithmetic of shapes: express the network by them, or export "
            + "the part before this node"),
    };

    private void SetOutput(OnnxNode node, OnnxValue value)
    {
        if (node.Outputs.Count == 0 || node.Outputs[0].Length == 0) throw node.Fail("has no first output; its others are not supported");
        string? other = node.Outputs.Skip(1).FirstOrDefault(o => o.Length > 0 && _graph.IsRead(o));
        if (other is not null) throw node.Fail($"gives {OnnxNode.Quote(other)}, which is read; only a node's first output is supported");
        _values[node.Outputs[0]] = value;
    }

    private OnnxValue Value(OnnxNode node, string name)
    {
        if (_values.TryGetValue(name, out OnnxValue? value)) return value;
        if (!_graph.Initializers.TryGetValue(name, out TensorProto? initializer)) throw node.Fail($"reads {OnnxNode.Quote(name)}, which is not a first output");
        OnnxTensor tensor = _reader.Read(initializer, $"initializer {OnnxNode.Quote(name)}");
        _values.Add(name, tensor);
        return tensor;
    }

    private OnnxValue Any(OnnxNode node, int input)
        => Value(node, node.Input(input) ?? throw node.Fail($"has no input {input}"));

    private OnnxActivation Activation(OnnxNode node, int input) => Any(node, input) as OnnxActivation
        ?? throw node.Fail($"has a constant as its input {input}; expected the output of a layer");

    private OnnxTensor Tensor(OnnxNode node, int input, string what) => Any(node, input) as OnnxTensor
        ?? throw node.Fail($"computes its {what} (input {input}) from the images; expected a constant");

    private OnnxTensor? Optional(OnnxNode node, int input, string what) => node.Input(input) is null ? null : Tensor(node, input, what);

    /// <summary>Whole numbers that are known: no place for the batch.</summary>
    private long[] Whole(OnnxNode node, int input, string what)
    {
        OnnxTensor tensor = Tensor(node, input, what);
        if (tensor.Integers is null) throw node.Fail($"has {what} of floating point; expected whole numbers");
        if (tensor.Integers.Any(i => i.IsBatch)) throw node.Fail($"has {what} that hang on the number of samples; expected fixed ones");
        return [.. tensor.Integers.Select(i => i.Value)];
    }

    /// <summary>Axes, starts and the like: an attribute in older versions of the operators, an input in newer ones.</summary>
    private long[]? Numbers(OnnxNode node, string attribute, int input)
        => node.Ints(attribute) ?? (node.Input(input) is null ? null : Whole(node, input, attribute));

    /// <summary>The layer's output with nothing waiting.</summary>
    private LayerOutput Plain(OnnxNode node, OnnxActivation x)
    {
        if (!x.Border.IsNone)
        {
            throw node.Fail("reads an image with a border (Pad); only a convolution or pool right behind it can take that: give them their own pads");
        }
        return x.Inside(node, _builder);
    }

    /// <summary>What a layer without parameters and of the same shape gives.</summary>
    private OnnxActivation Like(OnnxActivation x, LayerOutput layer) => new(layer, x.Dims);

    private static OnnxActivation Of(LayerOutput image) => new(image, [image.Shape.Channels, image.Shape.Height, image.Shape.Width]);

    private static int Axis(OnnxNode node, long axis, int rank)
    {
        long positive = axis < 0 ? axis + rank : axis;
        return positive >= 0 && positive < rank ? (int)positive : throw node.Fail($"names axis {axis} of {rank}");
    }

    private int[] InputDims(out long? batch)
    {
        TypeProto.Types.Tensor? type = _graph.Input.Type?.TensorType;
        string name = OnnxNode.Quote(_graph.Input.Name);
        if (type?.Shape is null) throw _graph.Fail($"input {name} has no shape; export the network with one");
        if (type.ElemType != (int)TensorProto.Types.DataType.Float) throw _graph.Fail($"input {name} is not of type float (32 bits); convert the model to float32");
        TensorShapeProto.Types.Dimension[] dims = [.. type.Shape.Dim];
        if (dims.Length is not (2 or 4))
        {
            throw _graph.Fail($"input {name} has {dims.Length} dimensions; expected 4 (samples, channels, height, width) or 2 (samples, features)");
        }
        batch = dims[0].HasDimValue && dims[0].DimValue > 0 ? dims[0].DimValue : null;
        int[] sizes = new int[dims.Length - 1];
        for (int i = 1; i < dims.Length; i++)
        {
            (int Height, int Width)? size = dims.Length == 4 ? _options.ImageSize : null;
            long? given = i switch { 2 => size?.Height, 3 => size?.Width, _ => null };
            long? value = dims[i].HasDimValue && dims[i].DimValue != -1 ? dims[i].DimValue : given;
            if (value is null)
            {
                string remedy = i > 1 ? "give OnnxOptions.ImageSize" : "export with a fixed number";
                throw _graph.Fail($"dimension {i} of input {name} is open ({(dims[i].HasDimParam ? OnnxNode.Quote(dims[i].DimParam) : "not given")}); {remedy}");
            }
            if (value is < 1 or > int.MaxValue) throw _graph.Fail($"dimension {i} of input {name} is {value}; expected a positive number");
            if (given is not null && given != value) throw _graph.Fail($"dimension {i} of input {name} is {value}; OnnxOptions.ImageSize says {given}");
            sizes[i - 1] = (int)value;
        }
        long elements = 1;
        foreach (int s in sizes) elements = Math.Min(elements * s, int.MaxValue + 1L);
        if (elements > Array.MaxLength) throw _graph.Fail($"input {name} is [{string.Join(" × ", sizes)}] for one sample; expected at most {Array.MaxLength} elements");
        return sizes;
    }
}
