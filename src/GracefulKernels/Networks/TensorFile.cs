namespace GracefulKernels;

/// <summary>Named fp32 tensors of a safetensors file against what is expected: one missing, one too many or one of another shape is an error.</summary>
internal static class TensorFile
{
    /// <param name="expected">Names and shapes.</param>
    /// <param name="ignored">Extra tensors that mean nothing here.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, unknown, of another shape or type, or not finite.</exception>
    public static Dictionary<string, float[]> ReadStrict(
        SafetensorsReader reader, IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> expected, Func<string, bool>? ignored = null)
    {
        HashSet<string> names = [.. expected.Select(e => e.Name)];
        string[] extra = [.. reader.Tensors.Select(t => t.Name).Where(n => !names.Contains(n) && !(ignored?.Invoke(n) ?? false))];
        var tensors = new Dictionary<string, float[]>();
        foreach ((string name, IReadOnlyList<int> shape) in expected)
        {
            if (!reader.TryFind(name, out SafetensorsEntry? entry))
            {
                string hint = extra.Length > 0 ? $" The file has {Shown(extra)}, which the network has not." : "";
                throw new InvalidDataException($"{reader.FilePath}: no tensor '{name}'; expected one of shape {Print(shape)}.{hint}");
            }
            if (!entry.Shape.SequenceEqual(shape.Select(s => (long)s)))
            {
                throw new InvalidDataException($"{reader.FilePath}: tensor '{name}' is {Print(entry.Shape)}; expected {Print(shape)}.");
            }
            float[] values = reader.Read<float>(name);
            int bad = Array.FindIndex(values, v => !float.IsFinite(v));
            if (bad >= 0) throw new InvalidDataException($"{reader.FilePath}: element {bad} of tensor '{name}' is {values[bad]}; every weight must be finite.");
            tensors.Add(name, values);
        }
        if (extra.Length > 0) throw new InvalidDataException($"{reader.FilePath}: {Shown(extra)}; the network has no such tensor.");
        return tensors;
    }

    public static string Print<T>(IEnumerable<T> shape) => $"[{string.Join(" × ", shape)}]";

    public static long[] Shape(IEnumerable<int> shape) => [.. shape.Select(s => (long)s)];

    private static string Shown(string[] names)
        => $"tensor {string.Join(", ", names.Take(5).Select(n => $"'{n}'"))}{(names.Length > 5 ? $" and {names.Length - 5} more" : "")}";
}
