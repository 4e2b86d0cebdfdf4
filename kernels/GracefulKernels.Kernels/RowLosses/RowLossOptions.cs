namespace GracefulKernels.Kernels;

/// <summary>The loss against the labels.</summary>
internal enum BaseLoss
{
    /// <summary>No base loss: the distance alone.</summary>
    None,

    /// <summary>Cross-entropy, <c>−Σ_k q_k log p_k</c> with <c>q = (1 − ε)·e_y + ε/C</c>.</summary>
    CrossEntropy,

    /// <summary><c>½‖z − αe_y‖²</c>.</summary>
    Squared,
}

/// <summary>The distance between the new and the old logits.</summary>
internal enum OldDistance
{
    None,

    /// <summary>FD-KL, <c>KL(p_old ‖ p_new)</c>, p = softmax(z/τ).</summary>
    KlOldNew,

    /// <summary>FD-KL as printed in the paper, <c>KL(p_new ‖ p_old)</c>.</summary>
    KlNewOld,

    /// <summary>FD-LM, <c>½‖z_new − z_old‖²</c>.</summary>
    LogitMatching,

    /// <summary>The base loss again, on the samples that the old model has right.</summary>
    Naive,

    /// <summary>LDI: <c>mean over the top K classes of (|z_new − z_old| − ξ)₊^p</c>.</summary>
    LogitDifference,
}

/// <summary>Whose largest logits are the top K classes.</summary>
internal enum RankSource
{
    Old,
    New,
    Reference,
}

/// <summary>One row: <c>L_i = base_i + λ·w_i·D_i</c>, <c>w_i = α + β·[argmax z_old = y]</c>.</summary>
internal readonly record struct RowLossOptions()
{
    public BaseLoss Base { get; init; } = BaseLoss.CrossEntropy;

    /// <summary>ε of cross-entropy.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>α of the squared loss's target <c>α·e_y</c>.</summary>
    public float TargetScale { get; init; } = 15f;

    public OldDistance Distance { get; init; }

    /// <summary>λ.</summary>
    public float DistanceWeight { get; init; } = 1f;

    /// <summary>τ of the KL distances.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Multiply KL by τ².</summary>
    public bool TemperatureSquared { get; init; }

    /// <summary>K of LDI, at least 1; clamped to the classes, less one where the true class is left out.</summary>
    public int TopK { get; init; } = 10;

    /// <summary>Which logits rank the classes of LDI.</summary>
    public RankSource RankBy { get; init; }

    /// <summary>ξ of LDI.</summary>
    public float Margin { get; init; }

    /// <summary>p of LDI, at least 1.</summary>
    public float Power { get; init; } = 2f;

    /// <summary>LDI counts only what moves towards a flip: z_new below z_old at the label, above it elsewhere.</summary>
    public bool OneSided { get; init; }

    /// <summary>The label is not among the classes of LDI.</summary>
    public bool ExcludeTrueClass { get; init; }

    /// <summary>Labels may be −1, a class that is none of these. Only without a base loss.</summary>
    public bool UnknownLabels { get; init; }

    /// <summary>α of the focal weight (the naive distance takes 0).</summary>
    public float FocalAlpha { get; init; } = 1f;

    /// <summary>β of the focal weight.</summary>
    public float FocalBeta { get; init; } = 5f;

    /// <summary>A label that takes its row out of everything.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <summary>What each row's gradient is multiplied by: 1 for a sum, 1/valid rows for a mean.</summary>
    public float GradientScale { get; init; } = 1f;

    /// <summary>How many classes LDI takes of every row.</summary>
    public int TopOf(int classes) => Math.Min(TopK, classes - (ExcludeTrueClass ? 1 : 0));
}
