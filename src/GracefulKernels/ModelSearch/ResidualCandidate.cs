namespace GracefulKernels;

/// <summary>One network of a <see cref="ResidualFamily"/>: how many residual blocks each stage has, and how many channels. Two of the same numbers are equal.</summary>
public sealed class ResidualCandidate : IEquatable<ResidualCandidate>
{
    private readonly int[] _depths;
    private readonly int[] _widths;

    /// <summary>A candidate by its numbers; whether a family has it, the family says.</summary>
    /// <param name="depths">Blocks of each stage.</param>
    /// <param name="widths">Channels of each stage.</param>
    /// <exception cref="ArgumentException">There is no stage, or the two differ in their number.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public ResidualCandidate(ReadOnlySpan<int> depths, ReadOnlySpan<int> widths)
    {
        if (depths.IsEmpty) throw new ArgumentException("depths is empty; expected the blocks of each stage.", nameof(depths));
        Check.Length(widths.Length, depths.Length, nameof(widths), "stages of depths");
        foreach (int depth in depths) Check.Positive(depth, nameof(depths));
        foreach (int width in widths) Check.Positive(width, nameof(widths));
        (_depths, _widths) = (depths.ToArray(), widths.ToArray());
    }

    /// <summary>Blocks of each stage.</summary>
    public ReadOnlySpan<int> Depths => _depths;

    /// <summary>Channels of each stage.</summary>
    public ReadOnlySpan<int> Widths => _widths;

    /// <summary>Number of stages.</summary>
    public int Stages => _depths.Length;

    /// <inheritdoc/>
    public bool Equals(ResidualCandidate? other) => other is not null && Depths.SequenceEqual(other._depths) && Widths.SequenceEqual(other._widths);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ResidualCandidate);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int depth in _depths) hash.Add(depth);
        foreach (int width in _widths) hash.Add(width);
        return hash.ToHashCode();
    }

    /// <summary>Blocks by channels of each stage: <c>1×8 2×16 1×32</c>.</summary>
    public override string ToString() => string.Join(' ', _depths.Zip(_widths, (depth, width) => $"{depth}×{width}"));
}
