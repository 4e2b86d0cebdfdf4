namespace GracefulKernels;

/// <summary>
/// A matrix of parameters [rows × columns] that one diagonal block of the Gauss–Newton matrix belongs to: a layer's [W | b], the bias last, or γ or β of a batch
/// normalisation as one row.
/// </summary>
public abstract class ParameterBlock
{
    private protected ParameterBlock(string name, int rows, int columns, string weight, string? bias)
    {
        Name = name;
        Rows = rows;
        Columns = columns;
        Weight = weight;
        Bias = bias;
    }

    private protected ParameterBlock(ParameterBlock same) : this(same.Name, same.Rows, same.Columns, same.Weight, same.Bias) { }

    /// <summary>The layer; for batch normalisation the parameter.</summary>
    public string Name { get; }

    /// <summary>Output channels; 1 for batch normalisation.</summary>
    public int Rows { get; }

    /// <summary>Patch length (kernel row, kernel column, channel), plus one where there is a bias; channels for batch normalisation.</summary>
    public int Columns { get; }

    internal string Weight { get; }

    internal string? Bias { get; }

    internal bool Matches(ParameterBlock other) => Name == other.Name && Rows == other.Rows && Columns == other.Columns && Bias == other.Bias;

    /// <summary>The block of this name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message names those that are.</exception>
    internal static T Find<T>(IReadOnlyList<T> blocks, string name) where T : ParameterBlock => blocks.FirstOrDefault(b => b.Name == name)
        ?? throw new KeyNotFoundException($"There is no block '{name}'. Blocks: {string.Join(", ", blocks.Select(b => b.Name))}.");

    /// <exception cref="ArgumentException">The two lists are not of one network.</exception>
    internal static void Match(IReadOnlyList<ParameterBlock> expected, IReadOnlyList<ParameterBlock> actual, string name)
    {
        if (expected.Count != actual.Count) throw new ArgumentException($"{name} has {actual.Count} blocks; expected {expected.Count}.", name);
        for (int i = 0; i < expected.Count; i++)
        {
            if (expected[i].Matches(actual[i])) continue;
            throw new ArgumentException(
                $"block {i} of {name} is '{actual[i].Name}' [{actual[i].Rows} × {actual[i].Columns}]; "
                + $"expected '{expected[i].Name}' [{expected[i].Rows} × {expected[i].Columns}].",
                name);
        }
    }

    /// <exception cref="ArgumentException">The blocks do not cover the parameters of <paramref name="layout"/> exactly.</exception>
    internal static void Cover(IEnumerable<ParameterBlock> blocks, ParameterLayout layout, string name)
    {
        var covered = new HashSet<string>();
        foreach (ParameterBlock b in blocks)
        {
            int columns = b.Columns - (b.Bias is null ? 0 : 1);
            if (!layout.TryGet(b.Weight, out ParameterInfo? weight) || weight!.Length != (long)b.Rows * columns)
            {
                string there = weight is null ? "is no parameter of the network" : $"is {TensorFile.Print(weight.Shape)}";
                throw new ArgumentException($"{name} have '{b.Weight}' as [{b.Rows} × {columns}]; it {there}.", name);
            }
            if (b.Bias is not null && (!layout.TryGet(b.Bias, out ParameterInfo? bias) || bias!.Length != b.Rows))
            {
                throw new ArgumentException($"{name} have '{b.Bias}' as [{b.Rows}]; the network has not.", name);
            }
            covered.Add(b.Weight);
            if (b.Bias is not null) covered.Add(b.Bias);
        }
        ParameterInfo? missing = layout.Parameters.FirstOrDefault(p => !covered.Contains(p.Name));
        if (missing is not null) throw new ArgumentException($"{name} have no block for '{missing.Name}'.", name);
    }
}
