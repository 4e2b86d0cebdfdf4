namespace GracefulKernels.Onnx;

/// <summary>
/// Names of layers: 'X' where the weights are 'X.weight' or 'X.bias', as PyTorch has them; else what the exporter made of the module's path
/// ('/layer1/layer1.0/conv1/Conv' is layer1.0.conv1); else the node's name.
/// </summary>
internal sealed class OnnxLayerNames
{
    private readonly HashSet<string> _taken = [];
    private readonly Dictionary<string, int> _next = [];

    /// <param name="parameters">Names of initializers, those that say most first.</param>
    public string For(OnnxNode node, params ReadOnlySpan<string?> parameters)
    {
        foreach (string? parameter in parameters)
        {
            if (Stem(parameter) is { } stem && _taken.Add(stem)) return stem;
        }
        string name = FromPath(node);
        while (!_taken.Add(name))
        {
            string first = name.Split("_again")[0];
            _next[first] = _next.GetValueOrDefault(first) + 1;
            name = $"{first}_again{_next[first]}";
        }
        return name;
    }

    private static string? Stem(string? parameter)
    {
        foreach (string ending in (ReadOnlySpan<string>)[".weight", ".bias"])
        {
            if (parameter is null || !parameter.EndsWith(ending, StringComparison.Ordinal)) continue;
            string stem = parameter[..^ending.Length];
            return string.IsNullOrWhiteSpace(stem) ? null : stem;
        }
        return null;
    }

    private static string FromPath(OnnxNode node)
    {
        string plain = string.IsNullOrWhiteSpace(node.Name) ? $"{node.Operator}_{node.Index}" : node.Name;
        if (plain[0] != '/') return plain;
        string[] parts = plain.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2 || !parts[^1].StartsWith(node.Operator, StringComparison.Ordinal)) return plain;
        string path = "", before = "";
        foreach (string part in parts[..^1])
        {
            // A child of a container repeats the container's name: layer1, then layer1.0.
            bool repeats = before.Length > 0 && part.StartsWith($"{before}.", StringComparison.Ordinal);
            path = path.Length == 0 ? part : path + "." + (repeats ? part[(before.Length + 1)..] : part);
            before = part;
        }
        return string.IsNullOrWhiteSpace(path) ? plain : path;
    }
}
