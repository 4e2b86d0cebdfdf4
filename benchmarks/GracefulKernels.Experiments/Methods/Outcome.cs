namespace GracefulKernels.Experiments.Methods;

/// <summary>What a method reached.</summary>
/// <param name="Error">Test error in per cent.</param>
/// <param name="Detail">What it chose on the way, without commas.</param>
internal readonly record struct Outcome(double Error, string Detail);
