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
}
