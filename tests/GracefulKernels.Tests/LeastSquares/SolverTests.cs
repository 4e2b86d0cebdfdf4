namespace GracefulKernels.Tests;

/// <summary>What both solvers promise besides the solution itself.</summary>
public abstract class SolverTests(KernelFamily family)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PsgdAndPcgReachTheSameOutputs(bool preconditioned)
    {
        // Devices get a better condition and larger rates: some two hundred epochs in place of two thousand.
        double lambda = family.IsCpu ? 0.1 : 0.5;
        double rate = (family.IsCpu, preconditioned) switch { (true, false) => 0.002, (true, true) => 0.01, (false, false) => 0.005, (false, true) => 0.03 };
        using Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), lambda);
        using KroneckerPreconditioner p = s.Preconditioner(problem, lambda);
        KroneckerPreconditioner? used = preconditioned ? p : null;
        SolverResult pcg = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-6, MaxIterations = 1000 }, used);
        // Batches of all samples: no noise, so a fixed rate converges.
        SolverResult psgd = Psgd.Solve(problem, new PsgdOptions
        {
            BatchSize = s.Linear.Samples, Epochs = 3000, Tolerance = 1e-4, EvaluationInterval = family.Fewer(50, 10), LearningRate = LearningRate.Constant(rate),
        }, used);
        Assert.True(pcg.Converged, $"PCG {pcg.Stop} {pcg.RelativeGradient:E1}");
        Assert.True(psgd.Converged, $"P-SGD {psgd.Stop} {psgd.RelativeGradient:E1} after {psgd.Iterations}");
        Assert.Equal(pcg.Loss, psgd.Loss, pcg.Loss * 1e-4);
        // ‖δd‖ ≤ 1e-4·‖∇L(0)‖/λ, seen through J; ten times the square root of the loss's agreement.
        Tolerance.AssertRelativeNorm([.. problem.Fitted(pcg.Update).Select(v => (double)v)], problem.Fitted(psgd.Update), 1e-2, "outputs");
    }

    [Fact]
    public void PsgdInSmallBatchesComesNear()
    {
        using Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.05);
        using KroneckerPreconditioner p = s.Preconditioner(problem, 0.05);
        SolverResult pcg = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-6 }, p);
        var options = new PsgdOptions { BatchSize = 7, Epochs = 60, LearningRate = LearningRate.Cosine(0.005), Momentum = 0.9, Seed = 3 };
        SolverResult first = Psgd.Solve(problem, options, p), again = Psgd.Solve(problem, options with { CacheBytes = 0 }, p);
        Assert.Equal(SolverStop.Budget, first.Stop);
        // A cosine to 0 over 60 epochs leaves a hundredth of the loss's way; d = 0 is 20 times further off.
        Assert.InRange(first.Loss, pcg.Loss * (1 - 1e-6), pcg.Loss + (0.01 * (pcg.History[0].Loss - pcg.Loss)));
        Tolerance.AssertSameBits(first.Update.ToArray(), again.Update.ToArray(), "the same seed, nothing cached");
    }

    [Fact]
    public void PsgdNamesTheLearningRateThatDiverges()
    {
        using Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        DivergenceException e = Assert.Throws<DivergenceException>(() => Psgd.Solve(problem, new PsgdOptions { LearningRate = LearningRate.Constant(50) }));
        Assert.Contains("P-SGD diverged in epoch", e.Message, StringComparison.Ordinal);
        Assert.Contains("learning rate 50", e.Message, StringComparison.Ordinal);
        Assert.Equal(50, e.LearningRate);
    }

    [Fact]
    public void PcgStopsAtTheLimitOfPrecisionAndDoesNotGrow()
    {
        using Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        using KroneckerPreconditioner p = s.Preconditioner(problem, 0.1);
        SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = 0, MaxIterations = 2000 }, p);
        Assert.Equal(SolverStop.Precision, result.Stop);
        double least = result.History.Min(h => h.Loss);
        Assert.All(result.History.Skip(result.Iterations / 2), h => Assert.InRange(h.Loss, least, least * (1 + 1e-5)));
    }

    [Fact]
    public void AWarmStartGoesOnFromThere()
    {
        using Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        SolverResult half = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-3 });
        float[] before = half.Update.ToArray();
        SolverResult rest = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-5, Start = half.Update, RefreshInterval = 3 });
        SolverResult whole = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-5 });
        // The same gradient up to the drift of the updated outputs.
        Assert.Equal(half.RelativeGradient, rest.History[0].RelativeGradient, half.RelativeGradient * 1e-2);
        Assert.True(rest.Converged);
        Assert.Equal(whole.Loss, rest.Loss, whole.Loss * 1e-6);
        Tolerance.AssertSameBits(before, half.Update.ToArray(), "the start");
        Assert.Equal(0, Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-2, Start = half.Update }).Iterations);
    }

    [Fact]
    public void CancellationThrowsAndLeavesTheProblemAsItWas()
    {
        using Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        float[] expected = Pcg.Solve(problem).Update.ToArray();
        using var source = new CancellationTokenSource();
        var progress = new Immediate<SolverProgress>(p =>
        {
            if (p.Iteration == 2) source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => Pcg.Solve(problem, progress: progress, cancellation: source.Token));
        Assert.Equal(3, progress.Reports.Count);
        Assert.Throws<OperationCanceledException>(() => Psgd.Solve(problem, cancellation: source.Token));
        Assert.Throws<OperationCanceledException>(() => KroneckerFactors.Compute(s.Linear, cancellation: source.Token));
        Tolerance.AssertSameBits(expected, Pcg.Solve(problem).Update.ToArray(), "d after a cancelled solve");
    }

    [Fact]
    public void ProgressTellsEachIterationOnce()
    {
        using Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        var progress = new Immediate<SolverProgress>(_ => { });
        SolverResult result = Pcg.Solve(problem, progress: progress);
        Assert.Equal(result.History, progress.Reports);
        Assert.Equal(Enumerable.Range(0, result.Iterations + 1), progress.Reports.Select(r => r.Iteration));
        Assert.All(progress.Reports.Zip(progress.Reports.Skip(1)), p => Assert.True(p.Second.Loss < p.First.Loss && p.Second.Elapsed >= p.First.Elapsed));
        Assert.Equal(1, progress.Reports[0].RelativeGradient);
        var epochs = new Immediate<SolverProgress>(_ => { });
        SolverResult psgd = Psgd.Solve(problem, new PsgdOptions { Epochs = 7, EvaluationInterval = 3, LearningRate = LearningRate.Constant(0.005) }, progress: epochs);
        Assert.Equal(psgd.History, epochs.Reports);
        Assert.Equal([0, 3, 6, 7], epochs.Reports.Where(r => !double.IsNaN(r.RelativeGradient)).Select(r => r.Iteration));
    }

    /// <summary>Forty samples through a small residual network.</summary>
    internal sealed class Small : IDisposable
    {
        public Small(ComputeDevice? device = null)
        {
            Network network = RandomNetworks.Residual(seed: 5, device);
            Images = RandomNetworks.Images(network, 40, seed: 6);
            Linear = new LinearizedNetwork(network, Images, 40, options: new LinearizedOptions { BatchSize = 16 });
            Labels = [.. Enumerable.Range(0, 40).Select(i => i * 7 % network.Outputs)];
        }

        public float[] Images { get; }

        public int[] Labels { get; }

        public LinearizedNetwork Linear { get; }

        public Targets Targets(bool weighted)
        {
            Targets targets = GracefulKernels.Targets.OneHot(Labels, Linear.Outputs, 3);
            return weighted ? targets.WithWeights([.. Enumerable.Range(0, 40).Select(i => 0.5f + (i % 3))]) : targets;
        }

        public KroneckerPreconditioner Preconditioner(LinearQuadraticProblem problem, double damping) => new(
            KroneckerFactors.Compute(Linear, weights: problem.Targets.Weights.Span), damping, Linear.Network.Parameters, Linear.Network.Device);

        public void Dispose() => Linear.Dispose();
    }

    /// <summary>Reports on the thread that makes them.</summary>
    private sealed class Immediate<T>(Action<T> then) : IProgress<T>
    {
        public List<T> Reports { get; } = [];

        public void Report(T value)
        {
            Reports.Add(value);
            then(value);
        }
    }
}

public sealed class SolverTestsOnCpu() : SolverTests(KernelFamily.Cpu);

public sealed class SolverTestsOnGpu() : SolverTests(KernelFamily.Gpu);
