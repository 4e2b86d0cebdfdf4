namespace GracefulKernels;

/// <summary>In which coordinates a network with batch normalisation is linearised: it changes the penalty ‖d‖² and the K-FAC metric.</summary>
public enum BatchNormMode
{
    /// <summary>Folded into the layer before it: its weight and bias are the parameters.</summary>
    Fold,

    /// <summary>Kept: γ and β are parameters of their own.</summary>
    Keep,
}
