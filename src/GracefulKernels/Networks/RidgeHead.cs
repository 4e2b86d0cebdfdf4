namespace GracefulKernels;

/// <summary>What <see cref="Network.WithRidgeHead(ReadOnlySpan{float}, ReadOnlySpan{int}, int, RidgeHeadOptions?, ImageLayout, CancellationToken)"/> found.</summary>
/// <param name="Network">The network with its new head.</param>
/// <param name="Lambda">λ, given or chosen.</param>
/// <param name="LeaveOneOutError">
/// <c>(1/m) Σ ‖t_i − f₋ᵢ(x_i)‖²</c>, where f₋ᵢ is the head fitted to all samples but i with the same absolute weight nλ, over the m samples that are not the only one of
/// their class; NaN where there are none.
/// </param>
/// <param name="LeaveOneOutAccuracy">The share of these m samples for which f₋ᵢ(x_i) is largest where t_i is.</param>
/// <param name="Candidates">All λ that were tried, ascending; one where λ was given.</param>
public sealed record RidgeHead(
    Network Network, double Lambda, double LeaveOneOutError, double LeaveOneOutAccuracy, IReadOnlyList<RidgeCandidate> Candidates);

/// <summary>One λ that was tried for a head.</summary>
/// <param name="Lambda">λ.</param>
/// <param name="LeaveOneOutError">As <see cref="RidgeHead.LeaveOneOutError"/>.</param>
/// <param name="LeaveOneOutAccuracy">As <see cref="RidgeHead.LeaveOneOutAccuracy"/>.</param>
public readonly record struct RidgeCandidate(double Lambda, double LeaveOneOutError, double LeaveOneOutAccuracy);
