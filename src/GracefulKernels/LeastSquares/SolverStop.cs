namespace GracefulKernels;

/// <summary>Why a solver stopped.</summary>
public enum SolverStop
{
    /// <summary>The tolerance was reached.</summary>
    Tolerance,

    /// <summary>The iterations or epochs were used up.</summary>
    Budget,

    /// <summary>Neither loss nor gradient fell any further: the limit of fp32 for this problem.</summary>
    Precision,

    /// <summary>The wall time was used up.</summary>
    TimeLimit,

    /// <summary>The estimated leave-one-out error had risen for a while, or the least of it came before the tolerance: the update is the iterate of the least.</summary>
    LeaveOneOut,
}
