namespace GracefulKernels;

/// <summary>Which solver finds the optimum; all find the same.</summary>
public enum FineTuneSolver
{
    /// <summary>The dual where n·C is at most <see cref="FineTuneOptions.DualRows"/> and no checkpoint is wanted, else PCG.</summary>
    Automatic,

    /// <summary><see cref="DualSystem"/>.</summary>
    Dual,

    /// <summary><see cref="GracefulKernels.Pcg"/> with K-FAC.</summary>
    Pcg,

    /// <summary><see cref="GracefulKernels.Psgd"/> with K-FAC.</summary>
    Psgd,
}
