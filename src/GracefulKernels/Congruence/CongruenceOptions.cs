namespace GracefulKernels;

/// <summary>The loss against the labels.</summary>
public enum LabelLoss
{
    /// <summary>None: the distance to the old model alone.</summary>
    None,

    /// <summary>Cross-entropy <c>−Σ_k q_k log p_k</c> in nats, <c>q = (1 − ε)·e_y + ε/C</c>.</summary>
    CrossEntropy,

    /// <summary><c>½‖z − αe_y‖²</c>, the loss of linear quadratic fine-tuning.</summary>
    Squared,
}

/// <summary>The distance D of focal distillation between the new and the old logits (Yan et al. 2021).</summary>
public enum CongruenceDistance
{
    /// <summary>None: the loss against the labels alone.</summary>
    None,

    /// <summary>FD-KL: <c>KL(p_old ‖ p_new)</c>, <c>p = softmax(z/τ)</c>; gradient <c>(p_new − p_old)/τ</c>.</summary>
    KlOldNew,

    /// <summary>FD-KL as the paper prints it: <c>KL(p_new ‖ p_old)</c>; gradient <c>p_new ∘ (log(p_new/p_old) − KL)/τ</c>.</summary>
    KlNewOld,

    /// <summary>FD-LM, logit matching: <c>½‖z_new − z_old‖²</c>; gradient <c>z_new − z_old</c>.</summary>
    LogitMatching,

    /// <summary>The loss against the labels once more, with weight β, on the samples that the old model has right.</summary>
    Naive,

    /// <summary>
    /// LDI, logit difference inhibition: the mean over the K top classes of <c>e_k^p</c> with <c>e_k = max(|z_new,k − z_old,k| − ξ, 0)</c>; gradient <c>(p/K)·e_k^{p−1}·sign(z_new,k − z_old,k)</c>, which
    /// classes these are being constant (Zhao et al. 2022, ELODI). See <see cref="CongruenceOptions.TopK"/>.
    /// </summary>
    LogitDifference,
}

/// <summary>Whose largest logits are the top K classes of <see cref="CongruenceDistance.LogitDifference"/>; ties go to the lowest index.</summary>
public enum RankBy
{
    /// <summary>The old model's.</summary>
    Old,

    /// <summary>The new model's.</summary>
    New,

    /// <summary>A third model's (an ensemble's, as a rule), given beside them.</summary>
    Reference,
}

/// <summary>How rows become one number.</summary>
public enum LossReduction
{
    /// <summary>Mean over the rows that are not ignored; NaN where there are none.</summary>
    Mean,

    /// <summary>Sum over the rows that are not ignored; 0 where there are none.</summary>
    Sum,
}

/// <summary>
/// The positive-congruent objective of one row, <c>L_i = base_i + λ·w_i·D_i</c> with the focal weight
/// <c>w_i = α + β·[argmax z_old,i = y_i]</c> (Yan et al., "Positive-Congruent Training", CVPR 2021, eq. 4–9).
/// </summary>
public sealed record CongruenceOptions
{
    private readonly LabelLoss _base = LabelLoss.CrossEntropy;
    private readonly CongruenceDistance _distance = CongruenceDistance.KlOldNew;
    private readonly LossReduction _reduction = LossReduction.Mean;
    private readonly float _labelSmoothing;
    private readonly float _targetScale = 15f;
    private readonly float _distanceWeight = 1f;
    private readonly float _temperature = 1f;
    private readonly UnknownLabelPolicy _unknownLabels;
    private readonly RankBy _rankBy = RankBy.Old;
    private readonly int _topK = 10;
    private readonly float _margin;
    private readonly float _power = 2f;
    private readonly float _focalAlpha = 1f;
    private readonly float _focalBeta = 5f;

    /// <summary>The loss against the labels; cross-entropy by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public LabelLoss Base { get => _base; init => _base = Defined(value, nameof(Base)); }

    /// <summary>D; FD-KL, old ‖ new, by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public CongruenceDistance Distance { get => _distance; init => _distance = Defined(value, nameof(Distance)); }

    /// <summary>Mean or sum of the values; the gradient is of the same. Mean by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public LossReduction Reduction { get => _reduction; init => _reduction = Defined(value, nameof(Reduction)); }

    /// <summary>ε of cross-entropy, in [0, 1); 0 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside [0, 1) or NaN.</exception>
    public float LabelSmoothing
    {
        get => _labelSmoothing;
        init => _labelSmoothing = Checked(value, value >= 0f && value < 1f, "in [0, 1)", nameof(LabelSmoothing));
    }

    /// <summary>α of the squared loss's target <c>α·e_y</c>; 15 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Infinite or NaN.</exception>
    public float TargetScale
    {
        get => _targetScale;
        init => _targetScale = Checked(value, float.IsFinite(value), "a finite number", nameof(TargetScale));
    }

    /// <summary>λ ≥ 0; 1 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public float DistanceWeight
    {
        get => _distanceWeight;
        init => _distanceWeight = Checked(value, value >= 0f && float.IsFinite(value), "a finite number ≥ 0", nameof(DistanceWeight));
    }

    /// <summary>τ > 0 of the KL distances; 1 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, infinite, NaN, or so small or large that 1/τ or τ² is no normal number.</exception>
    public float Temperature
    {
        get => _temperature;
        init => _temperature = Checked(value, value > 1e-18f && value < 1e18f, "a positive number between 1e-18 and 1e18", nameof(Temperature));
    }

    /// <summary>Multiply the KL distances by τ², which keeps their gradient's size when τ grows; off by default.</summary>
    public bool TemperatureSquared { get; init; }

    /// <summary>With a class map, the weight of samples whose label the old model did not know; α by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public UnknownLabelPolicy UnknownLabels { get => _unknownLabels; init => _unknownLabels = Defined(value, nameof(UnknownLabels)); }

    /// <summary>K ≥ 1 of LDI; 10 by default. Where a row has fewer classes (less one with <see cref="ExcludeTrueClass"/>) K is that number, also as the divisor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero or negative.</exception>
    public int TopK
    {
        get => _topK;
        init => _topK = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(TopK), value, $"TopK is {value}; expected at least 1.");
    }

    /// <summary>Which logits rank the classes of LDI; the old ones by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public RankBy RankBy { get => _rankBy; init => _rankBy = Defined(value, nameof(RankBy)); }

    /// <summary>ξ ≥ 0 of LDI: differences up to here cost nothing; 0 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public float Margin
    {
        get => _margin;
        init => _margin = Checked(value, value >= 0f && float.IsFinite(value), "a finite number ≥ 0", nameof(Margin));
    }

    /// <summary>p ≥ 1 of LDI; 2 by default. With p = 1 the slope at a difference of exactly ξ is 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1, infinite or NaN.</exception>
    public float Power
    {
        get => _power;
        init => _power = Checked(value, value >= 1f && float.IsFinite(value), "a finite number ≥ 1", nameof(Power));
    }

    /// <summary>
    /// LDI counts only what moves towards a negative flip: <c>e_k = max(z_new,k − z_old,k − ξ, 0)</c> for a class other than the label's, <c>max(z_old,y − z_new,y − ξ, 0)</c> for the label's. Off by default.
    /// </summary>
    public bool OneSided { get; init; }

    /// <summary>The label's class is not among those that LDI ranks and takes; off by default.</summary>
    public bool ExcludeTrueClass { get; init; }

    /// <summary>α ≥ 0 of the focal weight; 1 by default. The naive distance takes 0 whatever stands here.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public float FocalAlpha
    {
        get => _focalAlpha;
        init => _focalAlpha = Checked(value, value >= 0f && float.IsFinite(value), "a finite number ≥ 0", nameof(FocalAlpha));
    }

    /// <summary>β ≥ 0 of the focal weight; 5 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, infinite or NaN.</exception>
    public float FocalBeta
    {
        get => _focalBeta;
        init => _focalBeta = Checked(value, value >= 0f && float.IsFinite(value), "a finite number ≥ 0", nameof(FocalBeta));
    }

    /// <summary>A label that takes its row out of sums, counts and gradient; −100 by default. It is looked at before the range is.</summary>
    public int IgnoreIndex { get; init; } = -100;

    private static T Defined<T>(T value, string name) where T : struct, Enum
        => Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is no {typeof(T).Name}.");

    private static float Checked(float value, bool good, string expected, string name)
        => good ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected {expected}.");
}
