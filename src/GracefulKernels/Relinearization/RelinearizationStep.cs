namespace GracefulKernels;

/// <summary>
/// What one linear model gained. D is the data loss <c>1/(2n) Σ s (f − t)²</c>, without penalty; w the weights that the step was linearised at.
/// </summary>
/// <param name="Step">From 1.</param>
/// <param name="StartLoss">D of the network at w, which is also that of the linear model at d = 0.</param>
/// <param name="LinearLoss">D of the linear model at its d, solved with the λ of the run.</param>
/// <param name="Penalty"><c>(λ/2)‖d‖²</c> of that d.</param>
/// <param name="StartAccuracy">Of the network at w on the training samples, in [0, 1]; NaN without labels.</param>
/// <param name="LinearAccuracy">Of the linear model at its d; NaN without labels.</param>
/// <param name="Solution">How the linear model was solved, with the λ of the run. Its update is that of the model and disposed with it.</param>
/// <param name="Tries">The λ tried for the move to the next network, with what came of each; empty for the last step, which does not move.</param>
/// <param name="Elapsed">Of this step alone: primal state, factors, solves and tries.</param>
public sealed record RelinearizationStep(
    int Step,
    double StartLoss,
    double LinearLoss,
    double Penalty,
    double StartAccuracy,
    double LinearAccuracy,
    SolverResult Solution,
    IReadOnlyList<RelinearizationTry> Tries,
    TimeSpan Elapsed)
{
    /// <summary>Whether the network moved on from here: the last of <see cref="Tries"/> was accepted.</summary>
    public bool Moved => Tries.Count > 0 && Tries[^1].Accepted;
}

/// <summary>One try to move the non-linear network along the solution of a linear model.</summary>
/// <param name="Lambda">λ' of the solution: that of the run, or a raised one.</param>
/// <param name="Predicted">What the linear model gains: <c>D(w) − [D_lin(d) + (λ'/2)‖d‖²]</c>, positive.</param>
/// <param name="Actual">What the non-linear network gains: <c>D(w) − [D(w + d) + (λ'/2)‖d‖²]</c>.</param>
/// <param name="Loss">D(w + d) of the non-linear network.</param>
/// <param name="Accuracy">Of the non-linear network at w + d on the training samples; NaN without labels.</param>
/// <param name="Iterations">Of the solver.</param>
/// <param name="Accepted">Whether the network moved.</param>
public readonly record struct RelinearizationTry(
    double Lambda, double Predicted, double Actual, double Loss, double Accuracy, int Iterations, bool Accepted)
{
    /// <summary>Actual over predicted gain: 1 where the network is as good as linear over the step, below 0 where it lost.</summary>
    public double GainRatio => Actual / Predicted;
}
