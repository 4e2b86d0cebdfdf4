namespace GracefulKernels;

/// <summary>What <see cref="CongruenceLoss"/> found; means or sums as <see cref="CongruenceOptions.Reduction"/> says, in nats where logarithms enter.</summary>
/// <param name="Loss">base + λ·w·D.</param>
/// <param name="BaseLoss">The loss against the labels.</param>
/// <param name="Distance">D without weights.</param>
/// <param name="WeightedDistance">w·D without λ.</param>
/// <param name="ValidRows">Rows that are not ignored.</param>
/// <param name="UndefinedRows">Of these, rows whose loss is NaN: a NaN among the logits, or a softmax of nothing but −∞.</param>
/// <param name="Flips">The flips of old → new; all zero without old logits.</param>
public readonly record struct CongruenceResult(
    double Loss, double BaseLoss, double Distance, double WeightedDistance, long ValidRows, long UndefinedRows, FlipCounts Flips);
