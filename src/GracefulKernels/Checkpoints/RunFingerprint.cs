using System.Globalization;
using System.Runtime.InteropServices;

namespace GracefulKernels;

/// <summary>All that the bits of a run hang on, each under the name by which a difference is told: numbers as they are, arrays as their SHA-256.</summary>
internal sealed class RunFingerprint
{
    private readonly List<KeyValuePair<string, string>> _parts = [];

    public IReadOnlyList<KeyValuePair<string, string>> Parts => _parts;

    /// <summary>Of what is linearised, and over which samples. The outputs at w0 stand for the graph, its running statistics and the kind of device.</summary>
    public static RunFingerprint Of(LinearizedNetwork network)
    {
        var print = new RunFingerprint();
        print.Add("samples", network.Samples);
        print.Add("outputs", network.Outputs);
        print.Add("parameters", network.Network.Parameters);
        print.Add("images", network.Images);
        using ParameterVector weights = network.Network.GetWeights();
        print.Add("weights of the network", weights.ToArray());
        print.Add("outputs of the network on the images", network.F0.Span);
        return print;
    }

    /// <summary>Of a least-squares problem, with the preconditioner by what it does to one random vector.</summary>
    public static RunFingerprint Of(LinearQuadraticProblem problem, Preconditioner? preconditioner)
    {
        RunFingerprint print = Of(problem.Network);
        print.Add("λ", problem.Lambda);
        print.Add("targets", problem.Targets.Values.Span);
        print.Add("weights of the targets", problem.Targets.Weights.Span);
        print.Add("preconditioner", preconditioner);
        return print;
    }

    public void Add(string name, string value) => _parts.Add(new(name, value));

    public void Add(string name, long value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>"R" gives other texts for other bits.</summary>
    public void Add(string name, double value) => Add(name, value.ToString("R", CultureInfo.InvariantCulture));

    public void Add(string name, ReadOnlySpan<float> values) => Add(name, Hash(MemoryMarshal.AsBytes(values)));

    public void Add(string name, ReadOnlySpan<int> values) => Add(name, Hash(MemoryMarshal.AsBytes(values)));

    public void Add(string name, ReadOnlySpan<double> values) => Add(name, Hash(MemoryMarshal.AsBytes(values)));

    public void Add(string name, ParameterLayout layout)
        => Add(name, Hash(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', layout.Parameters.Select(p => $"{p.Name} {TensorFile.Print(p.Shape)}")))));

    public void Add(string name, ParameterVector? vector) => Add(name, vector is null ? "none" : Hash(MemoryMarshal.AsBytes<float>(vector.ToArray())));

    public void Add(string name, Preconditioner? preconditioner)
    {
        if (preconditioner is null)
        {
            Add(name, "none");
            return;
        }
        var random = new CounterRandom(0);
        float[] values = new float[preconditioner.Layout.Count];
        for (int i = 0; i < values.Length; i++) values[i] = (float)random.Normal((ulong)i);
        using var v = ParameterVector.FromArray(preconditioner.Layout, preconditioner.Device, values);
        using ParameterVector applied = preconditioner.Apply(v);
        Add(name, applied);
    }

    /// <summary>In what another run differs, for a message; null where in nothing.</summary>
    /// <param name="other">Of a checkpoint.</param>
    public string? Difference(IReadOnlyDictionary<string, string> other)
    {
        var differences = new List<string>();
        foreach ((string name, string here) in _parts)
        {
            string there = other.GetValueOrDefault(name, "none");
            if (there == here) continue;
            // Hashes would say nothing to a reader.
            differences.Add(here.Length > 40 || there.Length > 40 ? name : $"{name} ({there} there, {here} here)");
        }
        return differences.Count == 0 ? null : string.Join(", ", differences);
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Sha256.Of(bytes).ToUpperInvariant();
}
