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

    /// <summary>α of the focal weight (the naive distance takes 0).</summary>
    public float FocalAlpha { get; init; } = 1f;

    /// <summary>β of the focal weight.</summary>
    public float FocalBeta { get; init; } = 5f;

    /// <summary>A label that takes its row out of everything.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <summary>What each row's gradient is multiplied by: 1 for a sum, 1/valid rows for a mean.</summary>
    public float GradientScale { get; init; } = 1f;
}
