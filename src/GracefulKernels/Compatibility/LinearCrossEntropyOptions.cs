namespace GracefulKernels;

/// <summary>Options of <see cref="LinearCrossEntropy"/>.</summary>
public sealed record LinearCrossEntropyOptions
{
    private readonly LossReduction _reduction = LossReduction.Mean;
    private readonly float _labelSmoothing;

    /// <summary>Mean or sum of the values; the gradients are of the same. Mean by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public LossReduction Reduction
    {
        get => _reduction;
        init => _reduction = Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(Reduction), value, "Reduction is no LossReduction.");
    }

    /// <summary>ε of <c>q = (1 − ε)·e_y + ε/C</c>, in [0, 1); 0 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside [0, 1) or NaN.</exception>
    public float LabelSmoothing
    {
        get => _labelSmoothing;
        init => _labelSmoothing = value is >= 0f and < 1f
            ? value
            : throw new ArgumentOutOfRangeException(nameof(LabelSmoothing), value, $"LabelSmoothing is {value}; expected in [0, 1).");
    }

    /// <summary>A label that takes its row out of everything, whatever its embedding holds; −100 by default. It is looked at before the range is.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <summary>Add to the gradients that are given instead of overwriting them: steps over parts of a batch, or a second loss. Off by default.</summary>
    public bool AddToGradients { get; init; }
}

/// <summary>What <see cref="LinearCrossEntropy"/> found.</summary>
/// <param name="Loss">Mean or sum of the rows' cross-entropies, in nats.</param>
/// <param name="ValidRows">Rows that are not ignored.</param>
/// <param name="UndefinedRows">Of these, rows whose loss is NaN: a NaN among the logits, or nothing but −∞.</param>
public readonly record struct LinearCrossEntropyResult(double Loss, long ValidRows, long UndefinedRows);
