namespace GracefulKernels.Onnx;

/// <summary>One node of the graph with its attributes; it names itself in every error, and knows which attributes nobody asked for.</summary>
internal sealed class OnnxNode
{
    private readonly string _path;
    private readonly NodeProto _proto;
    private readonly Dictionary<string, AttributeProto> _attributes = [];
    private readonly HashSet<string> _read = [];

    public OnnxNode(string path, NodeProto proto, int index)
    {
        (_path, _proto, Index) = (path, proto, index);
        foreach (AttributeProto a in proto.Attribute)
        {
            if (!_attributes.TryAdd(a.Name, a)) throw Fail($"has the attribute {Quote(a.Name)} twice");
        }
    }

    public int Index { get; }

    public string Name => _proto.Name;

    public string Operator => _proto.OpType;

    public string Domain => _proto.Domain;

    public IReadOnlyList<string> Inputs => _proto.Input;

    public IReadOnlyList<string> Outputs => _proto.Output;

    public static string Quote(string name) => SafetensorsHeader.Quote(name);

    /// <summary>An input that is left out has an empty name.</summary>
    public string? Input(int i) => i < _proto.Input.Count && _proto.Input[i].Length > 0 ? _proto.Input[i] : null;

    public InvalidDataException Fail(string what, Exception? cause = null)
    {
        string name = Name.Length > 0 ? Quote(Name) : $"number {Index}";
        return new($"{_path}: node {name} (operator {Quote(Operator).Trim('\'')}) {what}.", cause);
    }

    /// <summary>What is in order and yet cannot be computed here: told from damage by its cause, which a caller of the C library sees as another status.</summary>
    public InvalidDataException Unsupported(string what) => Fail(what, new NotSupportedException(what));

    public bool Has(string name) => _attributes.ContainsKey(name);

    public long Int(string name, long otherwise)
        => Get(name, AttributeProto.Types.AttributeType.Int, a => a.HasI) is { } a ? a.I : otherwise;

    public float Float(string name, float otherwise)
    {
        float value = Get(name, AttributeProto.Types.AttributeType.Float, a => a.HasF) is { } a ? a.F : otherwise;
        return float.IsFinite(value) ? value : throw Fail($"has {name} = {value}; expected a finite number");
    }

    public string Text(string name, string otherwise)
        => Get(name, AttributeProto.Types.AttributeType.String, a => a.HasS) is { } a ? a.S.ToStringUtf8() : otherwise;

    public long[]? Ints(string name) => Get(name, AttributeProto.Types.AttributeType.Ints, _ => true) is { } a ? [.. a.Ints] : null;

    public float[]? Floats(string name) => Get(name, AttributeProto.Types.AttributeType.Floats, _ => true) is { } a ? [.. a.Floats] : null;

    public TensorProto? Tensor(string name) => Get(name, AttributeProto.Types.AttributeType.Tensor, a => a.T is not null)?.T;

    /// <summary>Attributes that change nothing here.</summary>
    public void PassOver(params ReadOnlySpan<string> names)
    {
        foreach (string name in names) _read.Add(name);
    }

    /// <summary>An attribute that nobody read may mean anything: better no network than another one.</summary>
    public void ExpectAllRead()
    {
        string? unread = _attributes.Keys.FirstOrDefault(k => !_read.Contains(k));
        if (unread is not null) throw Fail($"has an attribute {Quote(unread)} that is not known here; export the network without it");
    }

    private AttributeProto? Get(string name, AttributeProto.Types.AttributeType type, Func<AttributeProto, bool> holds)
    {
        _read.Add(name);
        if (!_attributes.TryGetValue(name, out AttributeProto? a)) return null;
        // Files before IR version 2 do not say the type.
        if ((a.Type != type && a.Type != AttributeProto.Types.AttributeType.Undefined) || !holds(a))
        {
            throw Fail($"has an attribute '{name}' of type {a.Type}; expected {type}");
        }
        return a;
    }
}
