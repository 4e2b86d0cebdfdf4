namespace GracefulKernels;

/// <summary>
/// Preconditioned conjugate gradients in the least-squares form (CGLS: Björck 1996, §7.4): the residual lives in the space of outputs, where it is
/// updated by <c>f ← f + αJp</c>, so the gradient is always the VJP of a true residual and its error does not build up. Dot products in fp64.
/// </summary>
/// <remarks>
/// The step <c>α = −gᵀp / pᵀHp</c> is the exact line search for the gradient as it is, and <c>β = max(0, zᵀ(g − g₋)/ρ₋)</c> (Polak, Ribière 1969) is
/// zero where rounding has the upper hand: the same numbers as textbook PCG in exact arithmetic, and no growth of rounding errors at the end.
/// </remarks>
public static class Pcg
{
    /// <summary>Solves <paramref name="problem"/>.</summary>
    /// <param name="problem">Not changed.</param>
    /// <param name="options">Tolerance and budget.</param>
    /// <param name="preconditioner">Fixed and positive definite; none is the identity.</param>
    /// <param name="progress">After each iteration, and once at the start.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">Start or preconditioner belong to another network.</exception>
    /// <exception cref="SingularProblemException">λ = 0 and H is singular: see <see cref="PcgOptions.AllowSingular"/>. Looked for before the first iteration, by at most a
    /// hundred products with H.</exception>
    /// <exception cref="ArithmeticException">Loss or curvature is not finite.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or one of another run; the message says in what that differs.</exception>
    /// <exception cref="IOException">The first checkpoint cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; problem and start are as before.</exception>
    public static SolverResult Solve(
        LinearQuadraticProblem problem,
        PcgOptions? options = null,
        Preconditioner? preconditioner = null,
        IProgress<SolverProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        options ??= new PcgOptions();
        options.Validate(nameof(options));
        problem.Expect(preconditioner);
        if (options.Start is not null) problem.Expect(options.Start);
        if (problem.Lambda == 0 && !options.AllowSingular && options.LeaveOneOut is null) SingularityCheck.Throw(problem, cancellation);
        using var run = new PcgRun(problem, options, preconditioner, progress, cancellation);
        return run.Solve();
    }
}
