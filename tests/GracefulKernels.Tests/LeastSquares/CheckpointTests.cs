namespace GracefulKernels.Tests;

/// <summary>Runs that are interrupted and go on to the same bits.</summary>
public abstract class CheckpointTests(KernelFamily family)
{
    public static TheoryData<string, bool> Solvers => new()
    {
        { "PCG", false }, { "PCG", true }, { "PCG by leave-one-out", true }, { "PCG from a start", false }, { "P-SGD", true }, { "cross-entropy", false },
    };

    [Theory]
    [MemberData(nameof(Solvers))]
    public void ACancelledRunGoesOnToTheSameBits(string solver, bool preconditioned)
    {
        // Devices: the runs that have all state there is.
        if (!family.IsCpu && solver is "PCG" or "PCG from a start") return;
        using TemporaryFolder folder = new();
        using Run run = new(family, solver, preconditioned);
        SolverResult whole = run.Solve();
        var checkpoint = new CheckpointOptions { Path = folder.File("run"), Every = 4 };
        using var source = new CancellationTokenSource();
        // Between two checkpoints: what came after the last is done again.
        var progress = new Reports<SolverProgress>(p =>
        {
            if (p.Iteration == 6) source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => run.Solve(checkpoint, progress, source.Token));
        Assert.Equal(7, progress.All.Count);
        Assert.Equal(["run"], folder.Names());
        var rest = new Reports<SolverProgress>();
        SolverResult resumed = run.Solve(checkpoint, rest);
        Assert.Equal(5, rest.All[0].Iteration);
        Assert.True(rest.All[0].Elapsed > progress.All[4].Elapsed);
        AssertSame(whole, resumed);
        // And once more, now from its end.
        AssertSame(whole, run.Solve(checkpoint, rest));
        Assert.Equal(whole.Iterations - 4, rest.All.Count);
        using Run begun = new(family, solver, preconditioned);
        AssertSame(whole, begun.Solve(checkpoint with { Resume = false }));
    }

    [Fact]
    public void ALargerBudgetGoesOn()
    {
        using TemporaryFolder folder = new();
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        var options = new PcgOptions { MaxIterations = 7, Tolerance = 0, Checkpoint = new() { Path = folder.File("run"), Every = 100 } };
        Assert.Equal(SolverStop.Budget, Pcg.Solve(problem, options).Stop);
        SolverResult further = Pcg.Solve(problem, options with { MaxIterations = 12 });
        AssertSame(Pcg.Solve(problem, options with { MaxIterations = 12, Checkpoint = null }), further);
        Assert.Equal(SolverStop.TimeLimit, Pcg.Solve(problem, options with { MaxIterations = 20, TimeLimit = TimeSpan.Zero }).Stop);
    }

    [Fact]
    public void AnotherRunIsRefusedByName()
    {
        using TemporaryFolder folder = new();
        using SolverTests.Small s = new(family.Device);
        var checkpoint = new CheckpointOptions { Path = folder.File("run") };
        var options = new PcgOptions { MaxIterations = 2, Checkpoint = checkpoint };
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        using KroneckerPreconditioner p = s.Preconditioner(problem, 0.1), q = s.Preconditioner(problem, 0.2);
        Pcg.Solve(problem, options, p);
        AssertRefused("differs in: λ (0.1 there, 0.2 here)", 0.2, s.Targets(weighted: true), s.Linear, p);
        AssertRefused("differs in: weights of the targets.", 0.1, s.Targets(weighted: false), s.Linear, p);
        AssertRefused("differs in: targets.", 0.1, Targets.OneHot(s.Labels, 4, 2).WithWeights(s.Targets(weighted: true).Weights.Span), s.Linear, p);
        AssertRefused("differs in: preconditioner.", 0.1, s.Targets(weighted: true), s.Linear, null);
        AssertRefused("differs in: preconditioner.", 0.1, s.Targets(weighted: true), s.Linear, q);
        float[] other = [.. s.Images];
        other[5] += 0.5f;
        using (var linear = new LinearizedNetwork(s.Linear.Network, other, 40, options: new LinearizedOptions { BatchSize = 16 }))
        {
            AssertRefused("differs in: images, outputs of the network on the images.", 0.1, s.Targets(weighted: true), linear, p);
        }
        using (ParameterVector step = RandomNetworks.Direction(s.Linear.Network, 1, 0.01f))
        using (var linear = new LinearizedNetwork(s.Linear.Network.WithUpdate(step), s.Images, 40, options: new LinearizedOptions { BatchSize = 16 }))
        {
            AssertRefused("differs in: weights of the network, outputs of the network on the images.", 0.1, s.Targets(weighted: true), linear, p);
        }
        using (var linear = new LinearizedNetwork(s.Linear.Network.WithLeakyRelu(0.2f), s.Images, 40, options: new LinearizedOptions { BatchSize = 8 }))
        {
            AssertRefused("differs in: outputs of the network on the images, batch size (16 there, 8 here).", 0.1, s.Targets(weighted: true), linear, p);
        }
        Assert.Contains("differs in: refresh interval (50 there, 7 here), start", Refused(() => Pcg.Solve(problem, options with { RefreshInterval = 7, Start = Pcg.Solve(problem).Update }, p)), StringComparison.Ordinal);
        Assert.Contains("differs in: probes (0 there, 1 here)", Refused(() => Pcg.Solve(problem, options with { LeaveOneOut = new() }, p)), StringComparison.Ordinal);
        Assert.Contains("is a checkpoint of PCG; expected one of P-SGD.", Refused(() => Psgd.Solve(problem, new PsgdOptions { Checkpoint = checkpoint })), StringComparison.Ordinal);
        // Nothing of that changed the file.
        Assert.Equal(2, Pcg.Solve(problem, options, p).Iterations);

        void AssertRefused(string text, double lambda, Targets targets, LinearizedNetwork linear, Preconditioner? preconditioner)
        {
            using var changed = new LinearQuadraticProblem(linear, targets, lambda);
            Assert.Contains(text, Refused(() => Pcg.Solve(changed, options, preconditioner)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void PsgdIsRefusedToGoOnInAnotherWay()
    {
        using TemporaryFolder folder = new();
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        var options = new PsgdOptions { Epochs = 3, LearningRate = LearningRate.Constant(0.001), Checkpoint = new() { Path = folder.File("run") } };
        Psgd.Solve(problem, options);
        string message = Refused(() => Psgd.Solve(problem, options with { LearningRate = LearningRate.Cosine(0.001), Momentum = 0.5, Seed = 2, BatchSize = 9, Epochs = 4 }));
        Assert.Contains("momentum (0.9 there, 0.5 here), batch size (32 there, 9 here), epochs (3 there, 4 here), seed (0 there, 2 here), learning rates.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFullDiskLeavesTheCheckpointBefore()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full");
        using TemporaryFolder folder = new();
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        string link = folder.File("link"), file = folder.File("file");
        File.WriteAllText(file, "");
        File.CreateSymbolicLink(link, file);
        var options = new PcgOptions { Tolerance = 0, MaxIterations = 10, Checkpoint = new() { Path = link, Every = 2, Resume = false } };
        byte[] before = [];
        var progress = new Reports<SolverProgress>(p =>
        {
            // From iteration 5 on every write goes to a device that is full.
            if (p.Iteration == 5) before = File.ReadAllBytes(file);
            if (p.Iteration is 5 or 9)
            {
                File.Delete(link);
                File.CreateSymbolicLink(link, p.Iteration == 5 ? "/dev/full" : file);
            }
        });
        SolverResult result = Pcg.Solve(problem, options, progress: progress);
        AssertSame(Pcg.Solve(problem, options with { Checkpoint = null }), result);
        Assert.Equal([6, 8], progress.All.Where(p => p.CheckpointFailure is not null).Select(p => p.Iteration));
        Assert.Contains("The checkpoint of iteration 6 could not be written, that of iteration 4 stays: ", progress.All[6].CheckpointFailure, StringComparison.Ordinal);
        Assert.Contains("that of iteration 4 stays: ", result.CheckpointFailure, StringComparison.Ordinal);
        // It could be written again at the end.
        Assert.NotEqual(before, File.ReadAllBytes(file));
        Assert.Equal(10, Pcg.Solve(problem, options with { Checkpoint = new() { Path = file } }).Iterations);
        File.WriteAllBytes(file, before);
        var rest = new Reports<SolverProgress>();
        AssertSame(result, Pcg.Solve(problem, options with { Checkpoint = new() { Path = file } }, progress: rest));
        Assert.Equal(5, rest.All[0].Iteration);
        // What cannot be written from the start is an error.
        File.Delete(link);
        File.CreateSymbolicLink(link, "/dev/full");
        Assert.Throws<IOException>(() => Pcg.Solve(problem, options));
        Assert.Throws<DirectoryNotFoundException>(() => Psgd.Solve(problem, new PsgdOptions { Checkpoint = new() { Path = Path.Combine(folder, "nowhere", "run") } }));
    }

    [Fact]
    public void ADamagedFileIsAnError()
    {
        using TemporaryFolder folder = new();
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        var options = new PcgOptions { MaxIterations = 2, Checkpoint = new() { Path = folder.File("run") } };
        Pcg.Solve(problem, options);
        byte[] bytes = File.ReadAllBytes(folder.File("run"));
        foreach (int length in new[] { 0, 7, 100, bytes.Length / 2, bytes.Length - 1 })
        {
            File.WriteAllBytes(folder.File("run"), bytes[..length]);
            Assert.Throws<InvalidDataException>(() => Pcg.Solve(problem, options));
        }
        new SafetensorsWriter().Add("x", new float[1], 1).Save(folder.File("run"));
        Assert.Contains("format is 'none'; expected 'graceful-checkpoint/1'", Refused(() => Pcg.Solve(problem, options)), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Pcg.Solve(problem, new PcgOptions { Checkpoint = new() { Path = "x", Every = 0 } }));
        Assert.Throws<ArgumentException>(() => Psgd.Solve(problem, new PsgdOptions { Checkpoint = new() { Path = "" } }));
    }

    internal static void AssertSame(SolverResult expected, SolverResult actual)
    {
        Tolerance.AssertSameBits(expected.Update.ToArray(), actual.Update.ToArray(), "d");
        Assert.Equal((expected.Stop, expected.Iterations, expected.Chosen), (actual.Stop, actual.Iterations, actual.Chosen));
        Assert.Equal(expected.History.Select(h => (h.Iteration, h.Loss, h.RelativeGradient, h.LeaveOneOut)), actual.History.Select(h => (h.Iteration, h.Loss, h.RelativeGradient, h.LeaveOneOut)));
    }

    private static string Refused(Func<object> call) => Assert.Throws<InvalidDataException>(() => { _ = call(); }).Message;

    /// <summary>One solver on one problem, made anew for each run as another process would.</summary>
    private sealed class Run : IDisposable
    {
        private readonly string _solver;
        private readonly SolverTests.Small _small;
        private readonly LinearQuadraticProblem _problem;
        private readonly KroneckerPreconditioner? _preconditioner;

        public Run(KernelFamily family, string solver, bool preconditioned)
        {
            _solver = solver;
            _small = new SolverTests.Small(family.Device);
            _problem = new LinearQuadraticProblem(_small.Linear, _small.Targets(weighted: true), 0.1);
            _preconditioner = preconditioned ? _small.Preconditioner(_problem, 0.1) : null;
        }

        public SolverResult Solve(CheckpointOptions? checkpoint = null, IProgress<SolverProgress>? progress = null, CancellationToken cancellation = default)
        {
            var pcg = new PcgOptions { Tolerance = 0, MaxIterations = 11, RefreshInterval = 3, Checkpoint = checkpoint };
            var sgd = new PsgdOptions { Epochs = 9, BatchSize = 7, LearningRate = LearningRate.Cosine(0.003), EvaluationInterval = 2, Seed = 3, Checkpoint = checkpoint };
            return _solver switch
            {
                "P-SGD" => Psgd.Solve(_problem, sgd, _preconditioner, progress, cancellation),
                "cross-entropy" => LinearizedTrainer.Train(_small.Linear, _small.Labels, 0.01, sgd, _preconditioner, 0.1, progress, cancellation),
                "PCG by leave-one-out" => Pcg.Solve(_problem, pcg with { LeaveOneOut = new() { Patience = 100, Probes = 2 } }, _preconditioner, progress, cancellation),
                "PCG from a start" => Pcg.Solve(_problem, pcg with { Start = RandomNetworks.Direction(_small.Linear.Network, 9, 0.01f) }, _preconditioner, progress, cancellation),
                _ => Pcg.Solve(_problem, pcg, _preconditioner, progress, cancellation),
            };
        }

        public void Dispose()
        {
            _preconditioner?.Dispose();
            _problem.Dispose();
            _small.Dispose();
        }
    }
}

public sealed class CheckpointTestsOnCpu() : CheckpointTests(KernelFamily.Cpu);

public sealed class CheckpointTestsOnGpu() : CheckpointTests(KernelFamily.Gpu);
