namespace GracefulKernels;

/// <summary>Where a fine-tuning stands.</summary>
/// <param name="Stage">What is being done, for people.</param>
/// <param name="Part">The part of this stage that is done, 0 to 1; NaN where unknown.</param>
/// <param name="Solver">Where the solver stands, in its stage.</param>
public readonly record struct FineTuneProgress(string Stage, double Part, SolverProgress? Solver = null);
