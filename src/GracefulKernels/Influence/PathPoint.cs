namespace GracefulKernels;

/// <summary>A problem's figures at one λ.</summary>
public sealed record PathPoint
{
    /// <summary>λ.</summary>
    public required double Lambda { get; init; }

    /// <summary><c>1/(2n) Σ s (f − t)²</c> at the solution.</summary>
    public required double DataLoss { get; init; }

    /// <summary>‖d‖.</summary>
    public required double UpdateNorm { get; init; }

    /// <summary>Effective degrees of freedom <c>tr(J M Jᵀ)</c>.</summary>
    public required double DegreesOfFreedom { get; init; }

    /// <summary>Standard error of the degrees of freedom over the probes; 0 where they are exact, NaN for one probe.</summary>
    public double DegreesOfFreedomError { get; init; }

    /// <summary>Generalised cross-validation, <c>(1/(nC)) Σ s(f − t)² / (1 − dof/(nC))²</c> (Golub, Heath, Wahba 1979).</summary>
    public required double Gcv { get; init; }

    /// <summary><c>1/(2n) Σ s (f^loo − t)²</c> over exact refits without each sample; NaN where it was not computed.</summary>
    public double LeaveOneOutLoss { get; init; } = double.NaN;

    /// <summary>Fraction of samples that the refit without them gets right; NaN where it was not computed.</summary>
    public double LeaveOneOutAccuracy { get; init; } = double.NaN;

    /// <summary>Iterations of PCG for this λ, probes included; 0 for the dual.</summary>
    public int Iterations { get; init; }
}
