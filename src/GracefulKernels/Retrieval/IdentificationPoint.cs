namespace GracefulKernels;

/// <summary>
/// Open-set identification at a false positive rate: the threshold is the best score of rank ⌊FPIR·N⌋ (from 0, falling) among the N queries whose label the
/// gallery does not have.
/// </summary>
/// <param name="FalsePositiveRate">FPIR.</param>
/// <param name="Threshold">In the units of the similarity; NaN without such queries.</param>
/// <param name="Mated">Queries whose label is in the gallery.</param>
/// <param name="NonMated">N: other queries.</param>
/// <param name="Identified">Mated queries whose best item has their label and a score above the threshold.</param>
/// <param name="AcceptedNonMated">Other queries whose best score is above the threshold.</param>
public readonly record struct IdentificationPoint(
    double FalsePositiveRate, double Threshold, long Mated, long NonMated, long Identified, long AcceptedNonMated)
{
    /// <summary>TPIR@FPIR: identified / mated; NaN without mated or without other queries.</summary>
    public double TruePositiveRate => NonMated == 0 ? double.NaN : (double)Identified / Mated;
}
