namespace GracefulKernels;

/// <summary>Where a solver stands.</summary>
/// <param name="Iteration">PCG: iterations; P-SGD: epochs. 0 is the start.</param>
/// <param name="Loss">L(d). Between full evaluations of P-SGD the mean over the batches of the epoch, each at its own d.</param>
/// <param name="RelativeGradient">‖∇L(d)‖ / ‖∇L(0)‖; NaN where P-SGD did not evaluate it.</param>
/// <param name="Elapsed">Since the solver began.</param>
public readonly record struct SolverProgress(int Iteration, double Loss, double RelativeGradient, TimeSpan Elapsed);
