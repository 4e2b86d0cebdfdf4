namespace GracefulKernels;

/// <summary>
/// Positive-congruent LQF for several weights λ_pc of staying near the old model: at each the global optimum of <c>½s_i‖f_i − t_i‖²</c> in mean, with ridge (<see cref="Targets.PositiveCongruent"/>), so
/// the curve of error against negative flips is exact but for the solver's tolerance, and its knee (<see cref="CongruenceCurve.Knee"/>) needs no further training.
/// </summary>
/// <remarks>λ is the same for all: the weights s_i grow with λ_pc, so the ridge counts for less against the data.</remarks>
public sealed class PositiveCongruentPath : IDisposable
{
    private PositiveCongruentPath(CongruenceCurve curve, IReadOnlyList<LinearizedModel> models, double lambda, bool isLeaveOneOut, bool converged)
    {
        Curve = curve;
        Models = models;
        Lambda = lambda;
        IsLeaveOneOut = isLeaveOneOut;
        Converged = converged;
    }

    /// <summary>A point each λ_pc, by rising λ_pc, judged on samples that the model of the point was not fitted to.</summary>
    public CongruenceCurve Curve { get; }

    /// <summary>The models of the points, in their order.</summary>
    public IReadOnlyList<LinearizedModel> Models { get; }

    /// <summary>λ of the ridge.</summary>
    public double Lambda { get; }

    /// <summary>Whether the points are judged by exact leave-one-out on the training samples, not by held-out data.</summary>
    public bool IsLeaveOneOut { get; }

    /// <summary>Whether every solve reached the tolerance; the dual's always do. Where PCG ran out of its budget, the models are its last iterates.</summary>
    public bool Converged { get; }

    /// <summary>The model of the knee.</summary>
    public LinearizedModel KneeModel => Models[Enumerable.Range(0, Models.Count).First(i => Curve.Points[i] == Curve.Knee)];

    /// <summary>Solves and judges each λ_pc: in the dual where n·C is small, else by PCG from the solution of the last one.</summary>
    /// <param name="network">Linearised over the n samples.</param>
    /// <param name="labels">[n], each in [0, C).</param>
    /// <param name="oldLogits">z_old, [n × C].</param>
    /// <param name="lambda">λ ≥ 0 of the ridge.</param>
    /// <param name="lambdasPc">λ_pc ≥ 0, each once, in any order; 0 is LQF without an old model.</param>
    /// <param name="heldOut">What to judge by; null for exact leave-one-out, which needs the dual.</param>
    /// <param name="options">Focal weights, and how to solve.</param>
    /// <param name="progress">Fraction of the points done.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">A shape does not fit, a λ_pc is there twice or none is, or leave-one-out is asked for with more rows than the dual takes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label, λ or λ_pc is out of range.</exception>
    /// <exception cref="SingularProblemException">λ = 0 and the problem is singular.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static PositiveCongruentPath Solve(
        LinearizedNetwork network,
        ReadOnlySpan<int> labels,
        ReadOnlySpan<float> oldLogits,
        double lambda,
        ReadOnlySpan<double> lambdasPc,
        HeldOutSamples? heldOut = null,
        PositiveCongruentPathOptions? options = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new PositiveCongruentPathOptions();
        options.Validate(nameof(options));
        Check.Length(labels.Length, network.Samples, nameof(labels), "samples of the network");
        Check.Matrix(oldLogits.Length, network.Samples, network.Outputs, nameof(oldLogits), "samples × outputs of the network");
        _ = Check.NonNegative(lambda, nameof(lambda));
        double[] values = Sorted(lambdasPc);
        NetworkSplit split = options.Split ?? network.Network.Split(LinearizationScope.All);
        if (!split.Tail.Parameters.Matches(network.Network.Parameters)) throw new ArgumentException("Split has another tail than the network that is linearised.", nameof(options));
        heldOut?.Expect(split.Trunk ?? split.Tail, network.Outputs, nameof(heldOut));
        long rows = (long)network.Samples * network.Outputs;
        bool dual = rows <= options.DualRows;
        if (heldOut is null && !dual)
        {
            throw new ArgumentException($"heldOut is null; leave-one-out takes the dual, and {rows} rows are more than DualRows = {options.DualRows}.", nameof(heldOut));
        }
        Targets[] targets = [.. Make(labels.ToArray(), oldLogits.ToArray(), values, network, options)];
        var points = new List<CongruencePoint>();
        var models = new List<LinearizedModel>();
        GramMatrix? gram = dual ? GramMatrix.Compute(network, cancellation: cancellation) : null;
        ParameterVector? last = null;
        bool allConverged = true;
        try
        {
            for (int i = 0; i < values.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                DualSolution? solution = gram is null ? null : new DualSystem(gram, targets[i]).Solve(lambda);
                (ParameterVector d, bool converged) = solution is null
                    ? Descend(network, targets[i], lambda, last, options, cancellation)
                    : (solution.Update(cancellation), true);
                allConverged &= converged;
                last?.Dispose();
                last = d;
                var model = new LinearizedModel(
                    split, options.HeadFromZero ? FineTuned.ShiftHead(split.Tail, d, -1) : d.Clone(), lambda, options.Congruence.Alpha, options.HeadFromZero);
                models.Add(model);
                points.Add(new CongruencePoint(values[i], heldOut is not null
                    ? heldOut.Flips(model.Predict(heldOut.Images.Span, heldOut.Labels.Length, heldOut.Layout, cancellation: cancellation), network.Network.Device)
                    : LeftOut(solution!, labels, oldLogits, network.Network.Device)));
                progress?.Report((i + 1.0) / values.Length);
            }
            return new PositiveCongruentPath(new CongruenceCurve(points), models, lambda, heldOut is null, allConverged);
        }
        catch
        {
            foreach (LinearizedModel model in models) model.Update.Dispose();
            throw;
        }
        finally
        {
            last?.Dispose();
        }
    }

    /// <summary>Frees the updates of <see cref="Models"/>.</summary>
    public void Dispose()
    {
        foreach (LinearizedModel model in Models) model.Update.Dispose();
    }

    private static double[] Sorted(ReadOnlySpan<double> lambdasPc)
    {
        if (lambdasPc.IsEmpty) throw new ArgumentException("lambdasPc is empty; expected at least one λ_pc.", nameof(lambdasPc));
        for (int i = 0; i < lambdasPc.Length; i++) _ = Check.NonNegative(lambdasPc[i], nameof(lambdasPc), $"lambdasPc[{i}]");
        double[] values = [.. lambdasPc.ToArray().Order()];
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] == values[i - 1]) throw new ArgumentException($"lambdasPc has {values[i]} twice.", nameof(lambdasPc));
        }
        return values;
    }

    private static IEnumerable<Targets> Make(int[] labels, float[] oldLogits, double[] values, LinearizedNetwork network, PositiveCongruentPathOptions options)
    {
        foreach (double value in values)
        {
            Targets targets = Targets.PositiveCongruent(labels, oldLogits, options.Congruence with { LambdaPc = value });
            if (options.Centered ?? options.HeadFromZero) targets = Centered(targets);
            yield return options.HeadFromZero ? targets.OnTopOf(network.F0.Span) : targets;
        }
    }

    /// <summary>What all outputs of a sample have in common says nothing of its class.</summary>
    private static Targets Centered(Targets targets)
    {
        float[] values = targets.Values.ToArray();
        int classes = targets.Classes;
        for (int row = 0; row < values.Length; row += classes)
        {
            double mean = 0;
            for (int c = 0; c < classes; c++) mean += values[row + c];
            mean /= classes;
            for (int c = 0; c < classes; c++) values[row + c] = (float)(values[row + c] - mean);
        }
        return new Targets(values, targets.Samples, classes, targets.Weights.Span);
    }

    private static (ParameterVector Update, bool Converged) Descend(
        LinearizedNetwork network, Targets targets, double lambda, ParameterVector? start, PositiveCongruentPathOptions options, CancellationToken cancellation)
    {
        using var problem = new LinearQuadraticProblem(network, targets, lambda);
        using Preconditioner? preconditioner = options.Preconditioner?.Invoke(problem);
        SolverResult result = Pcg.Solve(problem, options.Pcg with { Start = start }, preconditioner, null, cancellation);
        return (result.Update, result.Converged);
    }

    private static FlipCounts LeftOut(DualSolution solution, ReadOnlySpan<int> labels, ReadOnlySpan<float> oldLogits, ComputeDevice device)
    {
        ReadOnlySpan<double> outputs = solution.LeaveOneOut().Outputs.Span;
        ReadOnlySpan<float> baseline = solution.System.Targets.Baseline.Span;
        float[] logits = new float[outputs.Length];
        for (int i = 0; i < logits.Length; i++) logits[i] = (float)(outputs[i] - (baseline.IsEmpty ? 0 : baseline[i]));
        return FlipCounts.FromLogits(oldLogits, logits, labels, solution.System.Targets.Classes, device: device);
    }
}
