namespace GracefulKernels;

/// <summary>
/// 1:1 verification at a false accept rate, over all pairs of a query and a gallery item: a pair is genuine where the labels are equal and is accepted where
/// its score is above the threshold, which is the impostor score of rank ⌊FAR·N⌋ (from 0, falling).
/// </summary>
/// <param name="FalseAcceptRate">FAR.</param>
/// <param name="Threshold">In the units of the similarity: a pair is accepted where its cosine or inner product is above, or its distance below. NaN without impostors.</param>
/// <param name="GenuinePairs">Pairs of equal labels.</param>
/// <param name="ImpostorPairs">N: other pairs.</param>
/// <param name="AcceptedGenuine">Genuine pairs that are accepted.</param>
/// <param name="AcceptedImpostors">Impostor pairs that are accepted, at most FAR·N: fewer where scores are equal.</param>
public readonly record struct VerificationPoint(
    double FalseAcceptRate, double Threshold, long GenuinePairs, long ImpostorPairs, long AcceptedGenuine, long AcceptedImpostors)
{
    /// <summary>TAR@FAR: accepted genuine pairs / genuine pairs; NaN without genuine pairs or without impostors.</summary>
    public double TrueAcceptRate => ImpostorPairs == 0 ? double.NaN : (double)AcceptedGenuine / GenuinePairs;
}
