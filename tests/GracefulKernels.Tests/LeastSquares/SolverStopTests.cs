namespace GracefulKernels.Tests;

/// <summary>Why and when solvers stop, and what a singular problem is answered.</summary>
public abstract class SolverStopTests(KernelFamily family)
{
    [Fact]
    public void WallTimeStopsBoth()
    {
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        SolverResult pcg = Pcg.Solve(problem, new PcgOptions { TimeLimit = TimeSpan.Zero });
        Assert.Equal((SolverStop.TimeLimit, 0), (pcg.Stop, pcg.Iterations));
        Assert.Equal(TimeSpan.Zero, pcg.History[0].TimeLeft);
        SolverResult psgd = Psgd.Solve(problem, new PsgdOptions { TimeLimit = TimeSpan.Zero });
        Assert.Equal((SolverStop.TimeLimit, 0), (psgd.Stop, psgd.Iterations));
        // Longer than it takes: no effect.
        Assert.Equal(SolverStop.Tolerance, Pcg.Solve(problem, new PcgOptions { TimeLimit = TimeSpan.FromHours(1) }).Stop);
        Assert.Throws<ArgumentOutOfRangeException>(() => Pcg.Solve(problem, new PcgOptions { TimeLimit = TimeSpan.FromSeconds(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Psgd.Solve(problem, new PsgdOptions { TimeLimit = TimeSpan.FromSeconds(-1) }));
    }

    [Fact]
    public void ProgressTellsTheTimeLeft()
    {
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-4 });
        Assert.True(result.Converged);
        Assert.Null(result.History[0].TimeLeft);
        Assert.All(result.History.Skip(1), h => Assert.NotNull(h.ToBudget));
        Assert.Contains(result.History.Take(result.Iterations), h => h.ToTolerance is not null);
        Assert.Equal(TimeSpan.Zero, result.History[^1].TimeLeft);
    }

    [Fact]
    public void FewerOutputsThanParametersWithoutRidgeAreSingular()
    {
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0);
        SingularProblemException e = Assert.Throws<SingularProblemException>(() => Pcg.Solve(problem));
        Assert.Contains($"λ is 0, and 160 outputs of positive weight cannot determine {s.Linear.Network.Parameters.Count} parameters", e.Message, StringComparison.Ordinal);
        double largest = Spectrum.LargestEigenvalue(problem);
        // Rounded to two digits.
        Assert.Equal(1e-4 * largest, e.ProposedLambda, 0.05e-4 * largest);
        Assert.Contains($"for example {e.ProposedLambda.ToString("G2", System.Globalization.CultureInfo.InvariantCulture)}", e.Message, StringComparison.Ordinal);
        using var proposed = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), e.ProposedLambda);
        Assert.True(Pcg.Solve(proposed, new PcgOptions { Tolerance = 1e-3, MaxIterations = 1000 }).Converged);
        // Asked for, or regularised by the stop.
        SolverResult least = Pcg.Solve(problem, new PcgOptions { AllowSingular = true, MaxIterations = 20 });
        Assert.Equal(SolverStop.Budget, least.Stop);
        Assert.True(least.Loss < 0.5 * least.History[0].Loss);
        Assert.Equal(20, Pcg.Solve(problem, new PcgOptions { LeaveOneOut = new() { Patience = 50 }, MaxIterations = 20 }).Iterations);
    }

    [Fact]
    public void AFeatureThatIsTwiceThereIsFound()
    {
        Assert.Throws<SingularProblemException>(() => Solve(twice: true));
        // The same without it: 200 outputs for 10 parameters.
        Assert.True(Solve(twice: false).Converged);

        SolverResult Solve(bool twice)
        {
            var b = new NetworkBuilder(5);
            Network network = b.Build(b.Linear("head", b.Input, 2, bias: false), family.Device).WithRandomWeights(1);
            float[] x = RandomNetworks.Normal(500, 3);
            for (int i = 0; twice && i < 100; i++) x[(5 * i) + 4] = x[5 * i];
            using var linear = new LinearizedNetwork(network, x, 100);
            using var problem = new LinearQuadraticProblem(linear, Targets.OneHot([.. Enumerable.Range(0, 100).Select(i => i % 2)], 2), 0);
            return Pcg.Solve(problem);
        }
    }

    [Fact]
    public void RitzValuesAreTheExtremeEigenvalues()
    {
        // diag(1, 4, 9, 16)/4 for each of two outputs, plus λ.
        using LinearizedNetwork network = SpectrumTests.Linear(family.Device);
        using var problem = new LinearQuadraticProblem(network, Targets.OneHot([0, 1, 0, 1], 2), 0.5);
        (double smallest, double largest) = SingularityCheck.RitzValues(problem, 8, default);
        // Eight eigenvalues in four pairs: four steps find them; fp32 vectors leave about 1e-6.
        Assert.Equal(0.75, smallest, 1e-5);
        Assert.Equal(4.5, largest, 1e-5);
    }
}

public sealed class SolverStopTestsOnCpu() : SolverStopTests(KernelFamily.Cpu);

public sealed class SolverStopTestsOnGpu() : SolverStopTests(KernelFamily.Gpu);
