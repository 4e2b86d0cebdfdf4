namespace GracefulKernels;

/// <summary>
/// How a layer that uses its weights at T positions is factored (Eschenhagen et al. 2023, §3). Both are exact for a deep linear network with T = 1; where the weights
/// are shared, each is exact for another loss.
/// </summary>
public enum FactorConvention
{
    /// <summary>
    /// Each position counts as a sample: <c>A = 1/(nT) Σ_i Σ_t ā āᵀ</c>, <c>G = 1/n Σ_i Σ_t Σ_c g gᵀ</c>. Exact for a linear network whose outputs are the positions.
    /// </summary>
    Expand,

    /// <summary>
    /// Positions come together before the products: <c>A = 1/n Σ_i (1/T Σ_t ā)(1/T Σ_t ā)ᵀ</c>, <c>G = 1/n Σ_i Σ_c (Σ_t g)(Σ_t g)ᵀ</c>: a mean of inputs, a sum of gradients, so
    /// that one sample's gradient is <c>(Σ_t g)(1/T Σ_t ā)ᵀ</c> where g is the same at each position. Exact for a linear network with a mean over positions; cheaper too.
    /// </summary>
    Reduce,
}
