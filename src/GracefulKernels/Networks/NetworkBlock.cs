namespace GracefulKernels;

/// <summary>
/// A stretch of a network between two values that every path from input to output goes through, with at least one parameter in it: a residual block, or a layer of a
/// plain chain. See <see cref="Network.Blocks"/>.
/// </summary>
public sealed record NetworkBlock
{
    internal NetworkBlock(IReadOnlyList<string> layers, long parameters, LayerShape input, int cut)
    {
        Layers = layers;
        Parameters = parameters;
        Input = input;
        Cut = cut;
    }

    /// <summary>Names of its layers that have parameters, in order.</summary>
    public IReadOnlyList<string> Layers { get; }

    /// <summary>Trainable numbers in it.</summary>
    public long Parameters { get; }

    /// <summary>What one sample is where it begins.</summary>
    public LayerShape Input { get; }

    /// <summary>The node whose output it begins with.</summary>
    internal int Cut { get; }

    /// <summary>Layers, parameters and input in one line.</summary>
    public override string ToString() => $"{string.Join(", ", Layers)}: {Parameters:N0} parameters on {Input}";
}
