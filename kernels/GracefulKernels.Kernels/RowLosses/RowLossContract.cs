namespace GracefulKernels.Kernels;

/// <summary>Operands of <see cref="IKernels.RowLoss"/>. Logit rows are contiguous, <c>ld</c> elements apart.</summary>
internal readonly record struct RowLossOperands
{
    public int Rows { get; init; }

    public int Classes { get; init; }

    public Block<float> New { get; init; }

    public int LdNew { get; init; }

    /// <summary>Empty where there is no old model: then no distance, weight α, no flips.</summary>
    public Block<float> Old { get; init; }

    public int LdOld { get; init; }

    /// <summary>What ranks the classes of LDI where the options say so; else unused.</summary>
    public Block<float> Reference { get; init; }

    public int LdReference { get; init; }

    /// <summary>[rows], each the ignore index or in [0, classes).</summary>
    public Block<int> Labels { get; init; }

    /// <summary>[rows × classes], or empty. Elements between its rows stay as they are.</summary>
    public Block<float> Gradient { get; init; }

    /// <summary>Without gaps where nothing is said.</summary>
    public int LdGradient { get => field == 0 ? Classes : field; init; }

    /// <summary>[rows]: L_i, 0 on ignored rows; or empty.</summary>
    public Block<float> Values { get; init; }

    /// <summary>[rows]: argmax of the new logits, or empty.</summary>
    public Block<int> PredictionsNew { get; init; }

    /// <summary>[rows]: argmax of the old logits, or empty.</summary>
    public Block<int> PredictionsOld { get; init; }
}

/// <summary>Sums over the rows that are not ignored, in fp64, in a fixed order.</summary>
/// <param name="Base">Σ base_i.</param>
/// <param name="Distance">Σ D_i, without weights and λ.</param>
/// <param name="WeightedDistance">Σ w_i·D_i, without λ.</param>
/// <param name="ValidRows">Rows that are not ignored.</param>
/// <param name="UndefinedRows">Valid rows whose loss is NaN.</param>
/// <param name="Flips">The 2×2 counts; zeros without old logits.</param>
internal readonly record struct RowLossSums(
    double Base, double Distance, double WeightedDistance, long ValidRows, long UndefinedRows, FlipTable Flips);

internal partial interface IKernels
{
    /// <summary>
    /// Values, gradient with respect to the new logits, argmaxes and flips in one pass: each logit is read from memory once, each
    /// gradient written once.
    /// </summary>
    RowLossSums RowLoss(in RowLossOptions options, in RowLossOperands operands);

    /// <summary>
    /// The weighted squared loss of LQF over [rows × classes]: residual <c>r = f − t</c>, value <c>½ Σ s r²</c> (fp64,
    /// returned), and <c>gradient = scale·s∘r</c> (empty: not written). <paramref name="weights"/> [rows × classes], or empty
    /// for all ones.
    /// </summary>
    double WeightedSquaredLoss(
        long rows, int classes, Block<float> f, Block<float> targets, Block<float> weights, float scale, Block<float> gradient);
}
