namespace GracefulKernels.Onnx;

/// <summary>The graph of a model, checked as a whole: its operators' version, its one input, its one output, and the nodes that lead there.</summary>
internal sealed class OnnxGraph
{
    /// <summary>Versions of the operator set whose forms of the operators are known here.</summary>
    public const int OldestOperators = 9, NewestOperators = 24;

    private const int MaximumNodes = 20_000;

    private readonly Dictionary<string, int> _giver = [];
    private readonly Dictionary<string, List<OnnxNode>> _readers = [];

    private OnnxGraph(string path, ModelProto model, GraphProto graph)
    {
        Path = path;
        CheckOperators(model);
        if (graph.SparseInitializer.Count > 0) throw Fail("the graph has sparse initializers; save the weights dense");
        if (graph.Node.Count > MaximumNodes) throw Fail($"the graph has {graph.Node.Count} nodes; expected at most {MaximumNodes}");
        foreach (TensorProto t in graph.Initializer)
        {
            if (!Initializers.TryAdd(t.Name, t)) throw Fail($"the graph has the initializer {OnnxNode.Quote(t.Name)} twice");
        }
        // Before IR version 4 every initializer was listed as an input too.
        ValueInfoProto[] inputs = [.. graph.Input.Where(i => !Initializers.ContainsKey(i.Name))];
        if (inputs.Length != 1) throw Fail($"the graph has {Counted(inputs, "input")}; expected one, the images or feature vectors");
        if (graph.Output.Count != 1) throw Fail($"the graph has {Counted([.. graph.Output], "output")}; expected one: export the network with its logits alone");
        Input = inputs[0];
        OutputName = graph.Output[0].Name;
        Nodes = Needed([.. graph.Node.Select((n, i) => new OnnxNode(path, n, i))]);
        foreach (OnnxNode node in Nodes)
        {
            foreach (string input in node.Inputs.Where(i => i.Length > 0).Distinct())
            {
                if (!_readers.TryGetValue(input, out List<OnnxNode>? readers)) _readers.Add(input, readers = []);
                readers.Add(node);
            }
        }
    }

    public string Path { get; }

    public ValueInfoProto Input { get; }

    public string OutputName { get; }

    /// <summary>The nodes that the output needs, in the order of the file, which is topological.</summary>
    public IReadOnlyList<OnnxNode> Nodes { get; }

    public Dictionary<string, TensorProto> Initializers { get; } = [];

    public static OnnxGraph Read(string path, ModelProto model)
        => new(path, model, model.Graph ?? throw new InvalidDataException($"{path}: found no graph; expected an ONNX model."));

    public InvalidDataException Fail(string what) => new($"{Path}: {what}.");

    /// <summary>The only node that reads a value, or null where others, or the caller of the network, read it too.</summary>
    public OnnxNode? OnlyReader(string value)
        => value != OutputName && _readers.TryGetValue(value, out List<OnnxNode>? readers) && readers.Count == 1 ? readers[0] : null;

    public bool IsRead(string value) => value == OutputName || _readers.ContainsKey(value);

    private void CheckOperators(ModelProto model)
    {
        OperatorSetIdProto[] sets = [.. model.OpsetImport.Where(s => s.Domain is "" or "ai.onnx")];
        if (sets.Length != 1) throw Fail($"the model names {sets.Length} versions of the ONNX operators; expected one (opset_import)");
        if (sets[0].Version is < OldestOperators or > NewestOperators)
        {
            throw Fail($"the model uses version {sets[0].Version} of the ONNX operators; expected {OldestOperators} to {NewestOperators}: export it with opset 17, say");
        }
    }

    private List<OnnxNode> Needed(OnnxNode[] nodes)
    {
        foreach (OnnxNode node in nodes)
        {
            foreach (string output in node.Outputs.Where(o => o.Length > 0))
            {
                if (output == Input.Name || Initializers.ContainsKey(output) || !_giver.TryAdd(output, node.Index))
                {
                    throw node.Fail($"gives a value {OnnxNode.Quote(output)} that there is already");
                }
            }
        }
        bool[] needed = new bool[nodes.Length];
        var open = new Stack<string>([OutputName]);
        while (open.TryPop(out string? value))
        {
            if (!_giver.TryGetValue(value, out int at) || needed[at]) continue;
            needed[at] = true;
            foreach (string input in nodes[at].Inputs.Where(i => i.Length > 0))
            {
                CheckOrder(nodes[at], input);
                open.Push(input);
            }
        }
        if (!_giver.ContainsKey(OutputName)) throw Fail($"no node gives the output {OnnxNode.Quote(OutputName)}");
        return [.. nodes.Where(n => needed[n.Index])];
    }

    private void CheckOrder(OnnxNode node, string input)
    {
        if (input == Input.Name || Initializers.ContainsKey(input)) return;
        if (!_giver.TryGetValue(input, out int giver)) throw node.Fail($"reads {OnnxNode.Quote(input)}, which nothing gives");
        if (giver >= node.Index)
        {
            throw node.Fail($"reads {OnnxNode.Quote(input)}, which a later node gives: nodes stand in topological order, and there are no cycles");
        }
    }

    private static string Counted(ValueInfoProto[] values, string kind)
    {
        string names = values.Length == 0 ? "" : $" ({string.Join(", ", values.Take(5).Select(v => OnnxNode.Quote(v.Name)))}{(values.Length > 5 ? ", …" : "")})";
        return $"{values.Length} {kind}s{names}";
    }
}
