namespace GracefulKernels;

/// <summary>The backward-compatible rows of a least-squares problem.</summary>
public sealed record BackwardCompatibleOptions
{
    /// <summary>λ_bct ≥ 0, the weight of the old head's outputs, once both heads are in the same units.</summary>
    public double LambdaBct { get; init; } = 1;

    /// <summary>α, the scale of the own head's one-hot targets.</summary>
    public double Alpha { get; init; } = 15;

    /// <summary>Whether a class may be without samples: its own output is then unlearned.</summary>
    public bool AllowEmptyClasses { get; init; }

    internal void Validate(string name)
    {
        _ = Check.NonNegative(LambdaBct, name, nameof(LambdaBct));
        _ = Check.Positive(Alpha, name, nameof(Alpha));
    }
}
