namespace GracefulKernels;

/// <summary>λ and where it comes from.</summary>
/// <param name="Lambda">λ of the problem.</param>
/// <param name="Path">The regularisation path it was chosen on; null where it was given.</param>
/// <param name="Samples">Samples that the path was computed on: all, or a random part of them (then λ is the path's best times the part's share).</param>
public sealed record LambdaChoice(double Lambda, RegularizationPath? Path, int Samples);
