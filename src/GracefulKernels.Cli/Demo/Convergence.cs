namespace GracefulKernels.Cli.Demo;

/// <summary>How far PCG and P-SGD get on the first old model's problem, with and without preconditioner. An iteration of PCG and an epoch of P-SGD cost alike.</summary>
/// <param name="Curves">PCG with and without, P-SGD with and without.</param>
internal sealed record Convergence(IReadOnlyList<Convergence.Curve> Curves)
{
    /// <summary>Learning rates of P-SGD, in units of 1/λ_max(P⁻¹H): each of the two gets the better of these by its loss at the end.</summary>
    private static readonly double[] Paces = [1, 2];

    /// <param name="Solver">pcg or psgd.</param>
    /// <param name="Preconditioned">Whether by K-FAC.</param>
    /// <param name="Converged">Whether the tolerance was reached.</param>
    /// <param name="Iterations">Iterations or epochs.</param>
    /// <param name="Points">Loss and gradient after each of them.</param>
    public sealed record Curve(string Solver, bool Preconditioned, bool Converged, int Iterations, IReadOnlyList<SolverProgress> Points);

    /// <summary>Iterations of PCG without preconditioner for each one with; a lower bound where the former gave up.</summary>
    public double PcgRatio => (double)this["pcg", false].Iterations / Math.Max(1, this["pcg", true].Iterations);

    public Curve this[string solver, bool preconditioned] => Curves.Single(c => c.Solver == solver && c.Preconditioned == preconditioned);

    public static Convergence Measure(LinearizedUpdate update, DemoSteps steps) => new(
    [
        Pcg(update, true, steps), Pcg(update, false, steps), Psgd(update, true, steps), Psgd(update, false, steps),
    ]);

    private static Curve Pcg(LinearizedUpdate update, bool preconditioned, DemoSteps steps)
    {
        steps.Next($"Convergence: PCG {With(preconditioned)}");
        SolverResult run = update.Pcg(preconditioned, steps.ToTolerance());
        run.Update.Dispose();
        return Read("pcg", preconditioned, run);
    }

    private static Curve Psgd(LinearizedUpdate update, bool preconditioned, DemoSteps steps)
    {
        steps.Next($"Convergence: P-SGD {With(preconditioned)}");
        SolverResult? best = null;
        foreach (double pace in Paces)
        {
            SolverResult run = update.Psgd(pace, preconditioned, evaluationInterval: 1);
            run.Update.Dispose();
            if (best is null || run.Loss < best.Loss) best = run;
        }
        return Read("psgd", preconditioned, best!);
    }

    private static Curve Read(string solver, bool preconditioned, SolverResult run)
        => new(solver, preconditioned, run.Converged, run.Iterations, run.History);

    private static string With(bool preconditioned) => preconditioned ? "with K-FAC" : "without preconditioner";
}
