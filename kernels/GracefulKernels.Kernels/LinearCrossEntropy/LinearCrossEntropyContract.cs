namespace GracefulKernels.Kernels;

/// <summary>How <see cref="IKernels.LinearCrossEntropy"/> weighs rows and what it adds to.</summary>
internal readonly record struct LinearLossOptions()
{
    /// <summary>ε of <c>q = (1 − ε)·e_y + ε/C</c>.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>A label that takes its row out of everything.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <summary>What each row's gradient is multiplied by: 1 for a sum, 1/valid rows for a mean.</summary>
    public float GradientScale { get; init; } = 1f;

    /// <summary>Add to the embeddings' gradient; else it is overwritten, and never read.</summary>
    public bool AddToEmbeddings { get; init; }

    /// <summary>The same for the gradients of weight and bias.</summary>
    public bool AddToParameters { get; init; }
}

/// <summary>Operands of <see cref="IKernels.LinearCrossEntropy"/>. Rows of matrices are <c>ld</c> elements apart; no output overlaps anything.</summary>
internal readonly record struct LinearLossOperands
{
    public int Rows { get; init; }

    public int Features { get; init; }

    public int Classes { get; init; }

    /// <summary>[rows × features].</summary>
    public Block<float> Embeddings { get; init; }

    public int LdEmbeddings { get; init; }

    /// <summary>[classes × features].</summary>
    public Block<float> Weight { get; init; }

    public int LdWeight { get; init; }

    /// <summary>[classes], or empty.</summary>
    public Block<float> Bias { get; init; }

    /// <summary>[rows], each the ignore index or in [0, classes).</summary>
    public Block<int> Labels { get; init; }

    /// <summary>[rows × features], or empty. Elements between its rows stay as they are.</summary>
    public Block<float> EmbeddingGradient { get; init; }

    public int LdEmbeddingGradient { get; init; }

    /// <summary>[classes × features], or empty.</summary>
    public Block<float> WeightGradient { get; init; }

    public int LdWeightGradient { get; init; }

    /// <summary>[classes], or empty.</summary>
    public Block<float> BiasGradient { get; init; }

    /// <summary>[rows]: the cross-entropy of each row, 0 on ignored ones; or empty.</summary>
    public Block<float> Values { get; init; }

    public bool WantsGradient => !EmbeddingGradient.IsEmpty || !WeightGradient.IsEmpty || !BiasGradient.IsEmpty;
}

/// <summary>Sums over the rows that are not ignored, in fp64, in a fixed order.</summary>
/// <param name="Loss">Σ of the cross-entropies.</param>
/// <param name="ValidRows">Rows that are not ignored.</param>
/// <param name="UndefinedRows">Valid rows whose loss is NaN.</param>
internal readonly record struct LinearLossSums(double Loss, long ValidRows, long UndefinedRows)
{
    public static LinearLossSums operator +(LinearLossSums a, LinearLossSums b)
        => new(a.Loss + b.Loss, a.ValidRows + b.ValidRows, a.UndefinedRows + b.UndefinedRows);
}

internal partial interface IKernels
{
    /// <summary>
    /// Cross-entropy of the logits <c>Z = E·Wᵀ + b</c> against labels, and its gradients <c>dE (+)= s·P·W</c>, <c>dW (+)= s·Pᵀ·E</c>,
    /// <c>db (+)= s·Σ_rows P</c> with <c>P = softmax(Z) − q</c>, each where it is asked for. Logits exist a chunk at a time, never all of them. An ignored
    /// row takes no part, whatever its embedding is; its gradient is 0 (added: nothing).
    /// </summary>
    LinearLossSums LinearCrossEntropy(in LinearLossOptions options, in LinearLossOperands operands);
}
