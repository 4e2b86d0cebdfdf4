namespace GracefulKernels;

/// <summary>
/// Stops PCG where an estimate of the leave-one-out error of its iterate has risen for a while, and returns the iterate of the least: conjugate gradients
/// stopped early regularise on their own.
/// </summary>
/// <remarks>
/// <para>What is estimated. From a fixed start, iterate k is a polynomial filter of the targets: with the scalars α and β of the run frozen, the outputs are affine in t, and
/// <c>Φ_k = ∂f_k/∂t</c> is the hat matrix of iteration k. Over the N outputs of positive weight, <c>τ_k = tr Φ_k / N</c> is the mean leverage, and</para>
/// <para><c>LOO_k = 1/(2n) Σ s r² / (1 − τ_k)²</c></para>
/// <para>is generalised cross-validation (Golub, Heath, Wahba 1979): the leave-one-out error with each leverage replaced by the mean one, in the units of the loss
/// without its penalty. At the optimum of a ridge problem it is that problem's GCV. It is an estimate in three ways. Leverages differ. The scalars do hang on t:
/// they are frozen (as Hansen 1998, §7.4, does), because the derivative with them is not stable (it runs away where Krylov directions repeat), and because
/// running conjugate gradients anew without a sample, scalars and all, gives an error that this one is near. And the trace is <c>zᵀΦ_k z</c> for random signs z
/// (Hutchinson 1990), carried through the same recurrence with the same scalars, with a standard deviation of at most <c>√(2τ/N)</c> in τ with one probe. τ is never
/// taken below that of an earlier iteration.</para>
/// <para>Each probe costs one JVP, one VJP and one apply of the preconditioner an iteration: with one, an iteration takes twice as long.</para>
/// </remarks>
public sealed record LeaveOneOutOptions
{
    /// <summary>Of two iterates within a thousandth of the least error, which no estimate tells apart, the later counts: it is nearer to the optimum.</summary>
    internal const double Slack = 1e-3;

    /// <summary>Stops after so many iterations without one whose error is the least, or within a thousandth of it.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>Random sign vectors; one is enough from a few thousand outputs on.</summary>
    public int Probes { get; init; } = 1;

    /// <summary>Of the signs.</summary>
    public int Seed { get; init; }

    internal void Validate(string name)
    {
        if (Patience < 1) throw new ArgumentOutOfRangeException(name, Patience, $"Patience is {Patience}; expected at least 1.");
        if (Probes < 1) throw new ArgumentOutOfRangeException(name, Probes, $"Probes is {Probes}; expected at least 1.");
    }
}
