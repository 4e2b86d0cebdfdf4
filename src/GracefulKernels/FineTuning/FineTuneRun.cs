namespace GracefulKernels;

/// <summary>The steps of one fine-tuning.</summary>
internal sealed class FineTuneRun(FineTuneOptions options, IProgress<FineTuneProgress>? progress, CancellationToken cancellation)
{
    public void Report(string stage, double part = double.NaN, SolverProgress? solver = null) => progress?.Report(new FineTuneProgress(stage, part, solver));

    public Network WithHead(Network network, ReadOnlySpan<float> images, ReadOnlySpan<int> labels, int classes, ImageLayout layout)
    {
        if (options.Head == HeadStart.Keep) return network;
        Report("Head");
        if (options.Head == HeadStart.Random) return network.WithRandomHead(classes, options.Seed);
        var ridge = new RidgeHeadOptions { Alpha = options.Alpha, AllowEmptyClasses = options.AllowEmptyClasses, BatchSize = options.Linearized.BatchSize };
        return network.WithRidgeHead(images, labels, classes, ridge, layout, cancellation).Network;
    }

    public FineTuned Solve(Network start, NetworkSplit split, float[] inputs, Targets targets)
    {
        if (options.Relinearize > 1) return Relinearize(start, split, inputs, targets);
        var owned = new Stack<IDisposable>();
        try
        {
            Report("Linearising");
            LinearizedNetwork linearized = Own(new LinearizedNetwork(split.Tail, inputs, targets.Samples, ImageLayout.Nhwc, options.Linearized, cancellation));
            Targets judged = Judged(targets, linearized);
            if (options.BeginsAtZero) targets = targets.OnTopOf(linearized.F0.Span);
            bool dual = options.Solver == FineTuneSolver.Dual || (options.Solver == FineTuneSolver.Automatic && options.Pcg.Checkpoint is null && FitsTheDual(targets));
            GramMatrix? gram = dual ? Gram(linearized, "Gram matrix") : null;
            LambdaChoice choice = ChooseLambda(split, inputs, judged, gram);
            LinearQuadraticProblem problem = Own(new LinearQuadraticProblem(linearized, targets, choice.Lambda));
            if (gram is not null)
            {
                Report("Solving in the dual");
                DualSolution solution = new DualSystem(gram, targets).Solve(choice.Lambda);
                return new FineTuned(start, split, problem, choice, solution.Update(cancellation), solution, null, null, [], owned);
            }
            KroneckerPreconditioner preconditioner = Own(Preconditioner(linearized, choice.Lambda));
            var solver = new SolverForward(this);
            SolverResult result = options.Solver == FineTuneSolver.Psgd
                ? Psgd.Solve(problem, options.Psgd, preconditioner, solver, cancellation)
                : Pcg.Solve(problem, options.Pcg, preconditioner, solver, cancellation);
            return new FineTuned(start, split, problem, choice, result.Update, null, result, preconditioner, [], owned);
        }
        catch
        {
            while (owned.TryPop(out IDisposable? one)) one.Dispose();
            throw;
        }

        T Own<T>(T one) where T : IDisposable
        {
            owned.Push(one);
            return one;
        }
    }

    /// <summary>The problem of a model that is solved already.</summary>
    public FineTuned Restate(LinearizedModel model, float[] inputs, Targets targets)
    {
        var owned = new Stack<IDisposable>();
        try
        {
            Report("Linearising");
            var linearized = new LinearizedNetwork(model.Network, inputs, targets.Samples, ImageLayout.Nhwc, options.Linearized, cancellation);
            owned.Push(linearized);
            if (model.HeadFromZero) targets = targets.OnTopOf(linearized.F0.Span);
            var problem = new LinearQuadraticProblem(linearized, targets, model.Lambda);
            owned.Push(problem);
            ParameterVector solution = model.HeadFromZero ? FineTuned.ShiftHead(model.Network, model.Update, 1) : model.Update;
            var choice = new LambdaChoice(model.Lambda, null, targets.Samples);
            Network start = model.Split.Join(model.Network);
            if (FitsTheDual(targets))
            {
                return new FineTuned(start, model.Split, problem, choice, solution, new DualSystem(Gram(linearized, "Gram matrix"), targets).Solve(model.Lambda), null, null, [], owned);
            }
            KroneckerPreconditioner preconditioner = Preconditioner(linearized, model.Lambda);
            owned.Push(preconditioner);
            return new FineTuned(start, model.Split, problem, choice, solution, null, null, preconditioner, [], owned);
        }
        catch
        {
            while (owned.TryPop(out IDisposable? one)) one.Dispose();
            throw;
        }
    }

    /// <summary>λ on the first linearisation; then each step linearises anew.</summary>
    private FineTuned Relinearize(Network start, NetworkSplit split, float[] inputs, Targets targets)
    {
        LambdaChoice choice;
        if (options.Lambda is { } given) choice = new LambdaChoice(given, null, targets.Samples);
        else
        {
            Report("Linearising");
            using var first = new LinearizedNetwork(split.Tail, inputs, targets.Samples, ImageLayout.Nhwc, options.Linearized, cancellation);
            choice = ChooseLambda(split, inputs, Judged(targets, first), FitsTheDual(targets) ? Gram(first, "Gram matrix") : null);
        }
        int step = 0;
        var run = new RelinearizationOptions
        {
            Steps = options.Relinearize,
            Solver = options.Pcg,
            Linearized = options.Linearized,
            Factors = options.Factors,
        };
        var solver = new SolverForward(this, () => $"Solving, step {step + 1} of {options.Relinearize}");
        RelinearizationResult result = Relinearization.Run(
            split.Tail, inputs, targets, choice.Lambda, LabelsOf(targets), run, progress: new StepForward(() => step++), solverProgress: solver, cancellation: cancellation);
        var moved = new NetworkSplit(split.Scope, split.Trunk, result.Linearized.Network);
        return new FineTuned(start, moved, result.Problem, choice, result.Model.Update, null, result.Solution, result.Preconditioner, result.Steps, new Stack<IDisposable>([result]));
    }

    private static int[] LabelsOf(Targets targets)
    {
        int[] labels = new int[targets.Samples];
        for (int i = 0; i < labels.Length; i++) labels[i] = LeaveOneOut.LargestTarget(targets, i);
        return labels;
    }

    /// <summary>By the exact leave-one-out error, on all samples where the dual of all is there, else on a part of them.</summary>
    private LambdaChoice ChooseLambda(NetworkSplit split, float[] inputs, Targets targets, GramMatrix? gram)
    {
        if (options.Lambda is { } given) return new LambdaChoice(given, null, targets.Samples);
        if (gram is not null)
        {
            PathPoint best = Path(gram, targets, out RegularizationPath path);
            return new LambdaChoice(best.Lambda, path, targets.Samples);
        }
        // Whole samples, each with all its views.
        int views = options.Views, samples = targets.Samples / views;
        int count = Math.Clamp(options.DualRows / targets.Classes / views, 1, samples), part = count * views;
        int[] chosen =
        [
            .. new CounterRandom((ulong)options.Seed).Permutation(samples).AsSpan(0, count).ToArray().Order().SelectMany(i => Enumerable.Range(i * views, views)),
        ];
        using LinearizedNetwork few = new(split.Tail, Rows(inputs, chosen, split.Tail.InputShape.Elements), part, ImageLayout.Nhwc, options.Linearized, cancellation);
        PathPoint least = Path(Gram(few, "Gram matrix of a part, for λ"), targets.Part(chosen), out RegularizationPath of);
        return new LambdaChoice(least.Lambda * part / targets.Samples, of, part);
    }

    private PathPoint Path(GramMatrix gram, Targets targets, out RegularizationPath path)
    {
        double trace = 0;
        for (long i = 0; i < gram.Rows; i++) trace += gram.Data[(i * gram.Rows) + i];
        double scale = trace / gram.Network.Samples;
        if (!(scale > 0)) throw new InvalidOperationException("The outputs do not depend on the parameters at all: every weight behind the first linearised layer is zero.");
        path = new DualSystem(gram, targets).Path([.. options.LambdaGrid.Select(g => g * scale)], groupOf: Groups(targets.Samples), progress: Forward("λ by leave-one-out"), cancellation: cancellation);
        return path.Best;
    }

    /// <summary>
    /// What λ is judged by: a head that has seen the samples would make leave-one-out errors look better than they are, so its outputs are taken off also where they are part of
    /// the answer.
    /// </summary>
    private Targets Judged(Targets targets, LinearizedNetwork linearized)
        => options.Head == HeadStart.Ridge || options.BeginsAtZero ? targets.OnTopOf(linearized.F0.Span) : targets;

    private bool FitsTheDual(Targets targets) => (long)targets.Samples * targets.Classes <= options.DualRows;

    private GramMatrix Gram(LinearizedNetwork network, string stage) => GramMatrix.Compute(network, progress: Forward(stage), cancellation: cancellation);

    private KroneckerPreconditioner Preconditioner(LinearizedNetwork network, double lambda)
    {
        KroneckerFactors factors = KroneckerFactors.Compute(network, options.Factors, progress: Forward("Kronecker factors"), cancellation: cancellation);
        return new KroneckerPreconditioner(factors, lambda, network.Network.Parameters, network.Network.Device);
    }

    /// <summary>The sample of each view; empty where each row is a sample.</summary>
    private int[] Groups(int rows) => options.Views == 1 ? [] : [.. Enumerable.Range(0, rows).Select(r => r / options.Views)];

    private static float[] Rows(ReadOnlySpan<float> matrix, int[] rows, int columns)
    {
        float[] part = new float[(long)rows.Length * columns];
        for (int i = 0; i < rows.Length; i++) matrix.Slice(rows[i] * columns, columns).CopyTo(part.AsSpan(i * columns));
        return part;
    }

    private PartForward Forward(string stage) => new(this, stage);

    private sealed class PartForward(FineTuneRun run, string stage) : IProgress<double>
    {
        public void Report(double value) => run.Report(stage, value);
    }

    private sealed class SolverForward(FineTuneRun run, Func<string>? stage = null) : IProgress<SolverProgress>
    {
        public void Report(SolverProgress value) => run.Report(stage?.Invoke() ?? "Solving", double.NaN, value);
    }

    private sealed class StepForward(Action done) : IProgress<RelinearizationStep>
    {
        public void Report(RelinearizationStep value) => done();
    }
}
