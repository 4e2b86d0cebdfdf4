namespace GracefulKernels;

/// <summary>A damped factor is not positive definite in fp64; the message names factor, layer, pivot and damping. Nothing raises λ silently.</summary>
public sealed class SingularFactorException : ArithmeticException
{
    internal SingularFactorException(string factor, string layer, int pivot, double shift, double damping)
        : base($"Factor {factor} of '{layer}' is not positive definite at pivot {pivot} with {shift:R} on its diagonal (damping λ = {damping:R}). Use a larger damping.")
    {
        Factor = factor;
        Layer = layer;
        Pivot = pivot;
        Damping = damping;
    }

    /// <summary>A or G.</summary>
    public string Factor { get; }

    /// <summary>The layer.</summary>
    public string Layer { get; }

    /// <summary>The first row, from 0, whose pivot is not positive.</summary>
    public int Pivot { get; }

    /// <summary>λ.</summary>
    public double Damping { get; }
}
