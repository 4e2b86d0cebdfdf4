namespace GracefulKernels;

/// <summary>
/// The solution of a problem without some of its samples (unlearning): <c>d₋S = d − M J_Sᵀ (I − J_S M J_Sᵀ)⁻¹ e_S</c> with <c>M = H⁻¹/n</c>, <c>e = t − f</c>, rows scaled
/// by √s. The ridge keeps its absolute weight nλ: d₋S is the optimum of L with the weights of S set to zero and the same 1/n.
/// </summary>
public sealed class Removal
{
    internal Removal(int[] samples, ParameterVector update, double relativeGradient, double before, double change, RemovalMethod method)
    {
        Samples = samples;
        Update = update;
        RelativeGradient = relativeGradient;
        RelativeGradientBefore = before;
        ChangeNorm = change;
        Method = method;
    }

    /// <summary>S, ascending.</summary>
    public IReadOnlyList<int> Samples { get; }

    /// <summary>d₋S.</summary>
    public ParameterVector Update { get; }

    /// <summary>The check: ‖∇L₋S(d₋S)‖ / ‖∇L₋S(0)‖ of the problem without S. 0 is its exact optimum; fp32 reaches about 1e-6.</summary>
    public double RelativeGradient { get; }

    /// <summary>The same at d, before the removal.</summary>
    public double RelativeGradientBefore { get; }

    /// <summary>‖d₋S − d‖.</summary>
    public double ChangeNorm { get; }

    /// <summary>How it was computed.</summary>
    public RemovalMethod Method { get; }
}

/// <summary>How samples are removed. All ways give the same d₋S.</summary>
public enum RemovalMethod
{
    /// <summary>The closed form where S has at most 32 rows, the reduced problem otherwise.</summary>
    Automatic,

    /// <summary>The closed form: one solve with H for each row of S.</summary>
    ClosedForm,

    /// <summary>One solve with the Hessian of the problem without S, <c>H₋S (d₋S − d) = −∇L₋S(d)</c>: the closed form by Woodbury's identity.</summary>
    ReducedProblem,

    /// <summary>The closed form in the dual, from K.</summary>
    Dual,
}
