namespace GracefulKernels.Tests;

/// <summary>Steps of damped Gauss–Newton: what they promise, what they keep, and what the last linear model still is.</summary>
public abstract class RelinearizationTests(KernelFamily family)
{
    private const double Lambda = 0.1;

    /// <summary>Devices get a looser one: a third of the iterations.</summary>
    private double Accuracy => family.IsCpu ? 1e-4 : 1e-2;

    private RelinearizationOptions Plain => new()
    {
        Linearized = new() { BatchSize = 16 }, Solver = new() { Tolerance = Accuracy, MaxIterations = 300 },
    };

    [Fact]
    public void OneStepIsLqf()
    {
        using Data s = new(family);
        using RelinearizationResult result = s.Run(Lambda, Plain with { Steps = 1 });
        using var problem = new LinearQuadraticProblem(s.Small.Linear, s.Targets, Lambda);
        using KroneckerPreconditioner p = s.Small.Preconditioner(problem, Lambda);
        SolverResult lqf = Pcg.Solve(problem, Plain.Solver, p);
        Tolerance.AssertSameBits(lqf.Update.ToArray(), result.Model.Update.ToArray(), "d");
        RelinearizationStep step = Assert.Single(result.Steps);
        Assert.Empty(step.Tries);
        Assert.False(step.Moved);
        Assert.Equal(problem.Loss(lqf.Update), step.LinearLoss + step.Penalty, 1e-5 * lqf.Loss);
        Assert.Same(s.Small.Linear.Network, result.Model.Network);
        Assert.Equal(Lambda, result.Model.Lambda);
        Assert.Equal(s.Targets.Alpha, result.Model.Alpha);
    }

    [Fact]
    public void TheLossOfTheNetworkNeverRisesAndEachModelIsBetter()
    {
        using Data s = new(family);
        int steps = family.Fewer(5, 3);
        var progress = new Reports<RelinearizationStep>();
        using RelinearizationResult result = s.Run(Lambda, Plain with { Steps = steps }, progress);
        Assert.Equal(progress.All, result.Steps);
        Assert.Equal(steps, result.Steps.Count);
        Assert.Equal(Enumerable.Range(1, steps), result.Steps.Select(t => t.Step));
        foreach ((RelinearizationStep now, RelinearizationStep next) in result.Steps.Zip(result.Steps.Skip(1)))
        {
            Assert.True(now.Moved);
            RelinearizationTry last = now.Tries[^1];
            Assert.True(last.Loss < now.StartLoss, $"{now.StartLoss} → {last.Loss}");
            // The same network, in another order of operations: fused layers where nothing is recorded.
            Assert.Equal(last.Loss, next.StartLoss, 1e-4 * last.Loss);
            Assert.Equal(last.Accuracy, next.StartAccuracy, 0.03);
            Assert.All(now.Tries.Index(), t => Assert.Equal(Lambda * Math.Pow(10, t.Index), t.Item.Lambda, 1e-9));
            Assert.All(now.Tries.SkipLast(1), t => Assert.False(t.Accepted || t.Actual >= 1e-3 * t.Predicted));
            Assert.True(last.Accepted && last.GainRatio >= 1e-3 && last.Predicted > 0);
            Assert.True(next.LinearLoss < now.LinearLoss, $"step {now.Step}: {now.LinearLoss}, then {next.LinearLoss}");
        }
        Assert.All(result.Steps, t => Assert.InRange(t.LinearAccuracy, 0, 1));
        Assert.True(result.Steps[^1].LinearAccuracy >= result.Steps[0].LinearAccuracy);
        Assert.Empty(result.Steps[^1].Tries);
    }

    [Fact]
    public void ThePromiseIsTheLossOfTheLinearModel()
    {
        using Data s = new(family);
        using RelinearizationResult result = s.Run(Lambda, Plain);
        RelinearizationStep first = result.Steps[0];
        RelinearizationTry t = first.Tries[0];
        using var problem = new LinearQuadraticProblem(s.Small.Linear, s.Targets, Lambda);
        using KroneckerPreconditioner p = s.Small.Preconditioner(problem, Lambda);
        using ParameterVector zero = new(s.Small.Linear.Network.Parameters, s.Small.Linear.Network.Device), d = Pcg.Solve(problem, Plain.Solver, p).Update;
        // Losses are sums in fp64 of fp32 outputs: they agree to the rounding of the outputs.
        Assert.Equal(problem.Loss(zero) - problem.Loss(d), t.Predicted, 1e-4 * t.Predicted);
        Network moved = s.Small.Linear.Network.WithUpdate(d);
        using var there = new LinearizedNetwork(moved, s.Small.Images, 40);
        using var after = new LinearQuadraticProblem(there, s.Targets, Lambda);
        Assert.Equal(problem.Loss(zero) - after.Loss(zero) - (Lambda / 2 * d.Dot(d)), t.Actual, 1e-4 * t.Predicted);
        Assert.Equal(after.Loss(zero), t.Loss, 1e-4 * t.Loss);
        float[] f = moved.Predict(s.Small.Images, 40);
        int right = Enumerable.Range(0, 40).Count(i => f.AsSpan(i * 4, 4).ToArray().Index().MaxBy(v => v.Item).Index == s.Small.Labels[i]);
        Assert.Equal(right / 40.0, t.Accuracy, 1e-12);
    }

    [Fact]
    public void TheLastLinearModelIsTheSolutionAtTheLastNetwork()
    {
        using Data s = new(family);
        LinearizedModel model;
        float[] fitted;
        using (RelinearizationResult result = s.Run(Lambda, Plain with { Steps = 2 }))
        {
            model = result.Model;
            fitted = result.Problem.Fitted(model.Update);
            Assert.Same(result.Linearized.Network, model.Network);
            Assert.NotSame(s.Small.Linear.Network, model.Network);
            Assert.NotNull(result.Preconditioner);
            // The optimum of the problem that the result hands over: its gradient is at the tolerance.
            using ParameterVector gradient = result.Problem.Gradient(model.Update), zero = new(model.Network.Parameters, model.Network.Device), start = result.Problem.Gradient(zero);
            Assert.True(result.Solution.Converged);
            Assert.True(gradient.Norm() <= 1.1 * Accuracy * start.Norm(), $"{gradient.Norm()} of {start.Norm()}");
            Assert.Equal(result.Steps[^1].LinearLoss + result.Steps[^1].Penalty, result.Problem.Loss(model.Update), 1e-5 * result.Solution.Loss);
        }
        // The model outlives the rest. Batches of another size sum in another order.
        Tolerance.AssertRelativeNorm([.. fitted.Select(v => (double)v)], model.Predict(s.Small.Images, 40, batchSize: 7), 1e-5, "predictions");
    }

    [Fact]
    public void AStepThatOvershootsIsShortened()
    {
        // The damping is the same code on every device.
        if (!family.IsCpu) return;
        using Data s = new(family, alpha: 200);
        // Without a ridge to speak of the linear solution lies where the network is no longer linear.
        const double Weak = 1e-4;
        RelinearizationOptions options = Plain with { Solver = new() { Tolerance = 1e-2, MaxIterations = 100 } };
        using RelinearizationResult result = s.Run(Weak, options);
        RelinearizationStep first = result.Steps[0];
        Assert.True(first.Tries.Count > 1, $"gain ratio {first.Tries[0].GainRatio}");
        Assert.True(first.Moved);
        Assert.All(first.Tries.Skip(1).Zip(first.Tries), t => Assert.True(t.First.Predicted < t.Second.Predicted));
        // The model of the second step has the λ of the run again.
        Assert.Equal(Weak, result.Problem.Lambda);
        // Given up at once: the first linear model is the result.
        using RelinearizationResult given = s.Run(Weak, options with { MaxRaises = 0, Steps = 3 });
        Assert.False(Assert.Single(given.Steps).Moved);
        Assert.Same(s.Small.Linear.Network, given.Model.Network);
        Assert.Equal(first.Solution.Loss, given.Solution.Loss);
    }

    [Fact]
    public void WithoutPreconditionerAndWithAnother()
    {
        // The choice is the same code on every device.
        if (!family.IsCpu) return;
        using Data s = new(family);
        int made = 0;
        using RelinearizationResult none = s.Run(Lambda, Plain with { Precondition = false });
        Assert.Null(none.Preconditioner);
        using RelinearizationResult other = s.Run(Lambda, Plain with
        {
            Preconditioner = (factors, lambda, network) =>
            {
                made++;
                return new KroneckerPreconditioner(factors, 2 * lambda, network.Parameters, network.Device);
            },
        });
        Assert.Equal(1 + other.Steps[0].Tries.Count, made);
        // The same optimum to the tolerance: losses agree to its square, times the condition.
        Assert.Equal(none.Solution.Loss, other.Solution.Loss, 2e-2 * none.Solution.Loss);
    }

    [Fact]
    public void CancellationAndBadArguments()
    {
        using Data s = new(family);
        using var source = new CancellationTokenSource();
        var progress = new Reports<RelinearizationStep>(_ => source.Cancel());
        Assert.Throws<OperationCanceledException>(() => s.Run(Lambda, Plain, progress, source.Token));
        Assert.Single(progress.All);
        AssertNamed("lambda", "lambda is 0", () => s.Run(0, Plain));
        AssertNamed("options", "Steps is 0", () => s.Run(Lambda, Plain with { Steps = 0 }));
        AssertNamed("options", "Raise is 1", () => s.Run(Lambda, Plain with { Raise = 1 }));
        AssertNamed("options", "MinGainRatio is 1", () => s.Run(Lambda, Plain with { MinGainRatio = 1 }));
        AssertNamed("options", "Solver.Checkpoint is set", () => s.Run(Lambda, Plain with { Solver = new() { Checkpoint = new() { Path = "x" } } }));
        using var start = new ParameterVector(s.Small.Linear.Network.Parameters, s.Small.Linear.Network.Device);
        AssertNamed("options", "Solver.Start is set", () => s.Run(Lambda, Plain with { Solver = new() { Start = start } }));
        Network network = s.Small.Linear.Network;
        AssertNamed("images", "expected [40 × ", () => Relinearization.Run(network, s.Small.Images.AsSpan(1), s.Targets, Lambda));
        AssertNamed("labels", "labels is [39]; expected [40]", () => Relinearization.Run(network, s.Small.Images, s.Targets, Lambda, s.Small.Labels.AsSpan(1)));
        AssertNamed("targets", "targets is [2 × 2]; the network has 4 outputs.", () => Relinearization.Run(network, s.Small.Images, Targets.OneHot([0, 1], 2), Lambda));
    }

    private static void AssertNamed(string parameter, string text, Action call)
    {
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(call);
        Assert.True(e.Message.Contains(text, StringComparison.Ordinal), e.Message);
        Assert.Equal(parameter, e.ParamName);
    }

    private sealed class Data : IDisposable
    {
        public Data(KernelFamily family, double alpha = 3)
        {
            Small = new SolverTests.Small(family.Device);
            Targets = Targets.OneHot(Small.Labels, 4, alpha).WithWeights([.. Enumerable.Range(0, 40).Select(i => 0.5f + (i % 3))]);
        }

        public SolverTests.Small Small { get; }

        public Targets Targets { get; }

        public RelinearizationResult Run(
            double lambda, RelinearizationOptions options, IProgress<RelinearizationStep>? progress = null, CancellationToken cancellation = default)
            => Relinearization.Run(Small.Linear.Network, Small.Images, Targets, lambda, Small.Labels, options, progress: progress, cancellation: cancellation);

        public void Dispose() => Small.Dispose();
    }
}

public sealed class RelinearizationTestsOnCpu() : RelinearizationTests(KernelFamily.Cpu);

public sealed class RelinearizationTestsOnGpu() : RelinearizationTests(KernelFamily.Gpu);
