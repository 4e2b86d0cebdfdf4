namespace GracefulKernels;

/// <summary>Options of <see cref="InfluenceLoss"/>.</summary>
public sealed record InfluenceOptions
{
    private readonly float _influence = 1f;
    private readonly LossReduction _reduction = LossReduction.Mean;

    /// <summary>λ ≥ 0, the weight of the old head's loss; 1 by default, as in the paper.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public float Influence { get => _influence; init => _influence = (float)Check.NonNegative(value, nameof(Influence)); }

    /// <summary>Mean or sum of the values: each loss over the rows that take part in it. The gradients are of the same. Mean by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public LossReduction Reduction
    {
        get => _reduction;
        init => _reduction = Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(Reduction), value, "Reduction is no LossReduction.");
    }

    /// <summary>A label that takes its row out of both losses; among old labels, out of the old head's. −100 by default.</summary>
    public int IgnoreIndex { get; init; } = -100;
}

/// <summary>What <see cref="InfluenceLoss"/> found; means or sums as <see cref="InfluenceOptions.Reduction"/> says, in nats.</summary>
/// <param name="Loss">own + λ·influence; the influence of no rows adds nothing.</param>
/// <param name="Own">The new head's loss; as a mean NaN without rows.</param>
/// <param name="Influence">The old head's loss without λ; as a mean NaN without rows.</param>
/// <param name="ValidRows">Rows that are not ignored.</param>
/// <param name="MappedRows">Rows whose class the old head knows.</param>
/// <param name="UndefinedRows">Valid rows whose own loss is NaN.</param>
/// <param name="UndefinedMappedRows">Mapped rows whose influence is NaN.</param>
public readonly record struct InfluenceResult(
    double Loss, double Own, double Influence, long ValidRows, long MappedRows, long UndefinedRows, long UndefinedMappedRows);
