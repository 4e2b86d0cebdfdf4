namespace GracefulKernels;

/// <summary>How exactly the solves with H behind the answers of a <see cref="SolvedProblem"/> are done.</summary>
public sealed record SolvedProblemOptions
{
    /// <summary>A solve <c>H x = v</c> stops at ‖v − Hx‖ ≤ Tolerance·‖v‖, or where fp32 gets no further.</summary>
    public double Tolerance { get; init; } = 1e-5;

    /// <summary>Iterations of one solve, each a JVP and a VJP sweep; a solve that needs more is an error.</summary>
    public int MaxIterations { get; init; } = 2000;

    internal void Validate(string name)
    {
        _ = Check.Positive(Tolerance, name, nameof(Tolerance));
        if (MaxIterations < 1) throw new ArgumentOutOfRangeException(name, MaxIterations, $"MaxIterations is {MaxIterations}; expected at least 1.");
    }
}
