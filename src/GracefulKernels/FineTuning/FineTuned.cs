namespace GracefulKernels;

/// <summary>
/// A fine-tuned model with the problem that it is the optimum of, so that it can be asked: <see cref="Model"/> predicts; <see cref="Dual"/> where it is there, else
/// <see cref="Explain"/>, answers leave-one-out, removal, influence and predictive variance.
/// </summary>
public sealed class FineTuned : IDisposable
{
    private readonly Stack<IDisposable> _owned;

    internal FineTuned(
        Network start,
        NetworkSplit split,
        LinearQuadraticProblem problem,
        LambdaChoice lambda,
        ParameterVector update,
        DualSolution? dual,
        SolverResult? solver,
        Preconditioner? preconditioner,
        IReadOnlyList<RelinearizationStep> steps,
        Stack<IDisposable> owned)
    {
        (Start, Split, Problem, Lambda) = (start, split, problem, lambda);
        Dual = dual;
        Solver = solver;
        Preconditioner = preconditioner;
        Steps = steps;
        _owned = owned;
        Solution = update;
        Model = ModelOf(update);
    }

    /// <summary>The network at w0 with its head: what the linear head alone predicts.</summary>
    public Network Start { get; }

    /// <summary>The frozen part and the part that was linearised.</summary>
    public NetworkSplit Split { get; }

    /// <summary>The fine-tuned model. Where the head began at zero (<see cref="FineTuneOptions.HeadFromZero"/>), its update is <see cref="Solution"/> less the fitted head.</summary>
    public LinearizedModel Model { get; }

    /// <summary>The least-squares problem.</summary>
    public LinearQuadraticProblem Problem { get; }

    /// <summary>The optimum of <see cref="Problem"/>, to the solver's tolerance.</summary>
    public ParameterVector Solution { get; }

    /// <summary>λ and how it was found.</summary>
    public LambdaChoice Lambda { get; }

    /// <summary>The solution in the dual, which answers at once and exactly; null where n·C is too large for it.</summary>
    public DualSolution? Dual { get; }

    /// <summary>How PCG or P-SGD went; null for the dual.</summary>
    public SolverResult? Solver { get; }

    /// <summary>The preconditioner of PCG or P-SGD; null for the dual.</summary>
    public Preconditioner? Preconditioner { get; }

    /// <summary>What each linear problem gained where there was more than one; else empty. <see cref="Split"/>, <see cref="Problem"/> and <see cref="Solver"/> are the last one's.</summary>
    public IReadOnlyList<RelinearizationStep> Steps { get; }

    /// <summary>The solution as something that can be asked, on any size of problem. Dispose of it before this.</summary>
    /// <param name="options">How exactly to solve.</param>
    public SolvedProblem Explain(SolvedProblemOptions? options = null) => new(Problem, Solution, Preconditioner, options);

    /// <summary>The model of a solution of <see cref="Problem"/>, or of the same problem without some samples (<see cref="Removal.Update"/>).</summary>
    /// <exception cref="ArgumentException"><paramref name="solution"/> is laid out for another network.</exception>
    public LinearizedModel ModelOf(ParameterVector solution)
    {
        ArgumentNullException.ThrowIfNull(solution);
        Problem.Expect(solution);
        bool fromZero = !Problem.Targets.Baseline.IsEmpty;
        return new LinearizedModel(Split, fromZero ? ShiftHead(Split.Tail, solution, -1) : solution, Lambda.Lambda, Problem.Targets.Alpha, fromZero);
    }

    /// <summary>
    /// <c>d + sign·w0</c> on the head, whose outputs are f0: with −1 what is left of <c>f0 + Jd</c> is Jd; +1 turns that back.
    /// </summary>
    internal static ParameterVector ShiftHead(Network tail, ParameterVector d, int sign)
    {
        float[] values = d.ToArray();
        string head = tail.Parameters.Parameters[^1].Layer;
        int at = 0;
        foreach (ParameterInfo p in tail.Parameters.Parameters)
        {
            if (p.Layer == head)
            {
                float[] fitted = tail.GetTensor(p.Name);
                for (int i = 0; i < fitted.Length; i++) values[at + i] += sign * fitted[i];
            }
            at += p.Length;
        }
        return ParameterVector.FromArray(tail.Parameters, tail.Device, values);
    }

    /// <summary>Frees the memory of problem, linearised network and preconditioner; <see cref="Model"/> lives on.</summary>
    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? one)) one.Dispose();
    }
}
