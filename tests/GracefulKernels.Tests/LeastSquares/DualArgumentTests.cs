namespace GracefulKernels.Tests;

/// <summary>What the dual refuses.</summary>
public class DualArgumentTests
{
    [Fact]
    public void TooManyRowsAreRefusedWithTheirCost()
    {
        using SolverTests.Small s = new();
        ArgumentException e = Assert.Throws<ArgumentException>(() => GramMatrix.Compute(s.Linear, new GramOptions { MaxRows = 100 }));
        Assert.Equal("network", e.ParamName);
        Assert.Contains("network has 160 rows (samples × outputs); K would be 160 × 160", e.Message, StringComparison.Ordinal);
        Assert.Contains("MaxRows = 100", e.Message, StringComparison.Ordinal);
        Assert.Contains("Pcg.Solve", e.Message, StringComparison.Ordinal);
        Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() => GramMatrix.Compute(s.Linear, new GramOptions { MaxRows = 0 })).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() => GramMatrix.Compute(s.Linear, new GramOptions { RowBytes = -1 })).ParamName);
    }

    [Fact]
    public void SingularSystemsSaySoAndProposeALambda()
    {
        using SolverTests.Small s = new();
        Network network = s.Linear.Network;
        int size = network.InputShape.Elements;
        // Sample 39 again as sample 40.
        float[] images = [.. s.Images, .. s.Images[^size..]];
        using var linear = new LinearizedNetwork(network, images, 41);
        var system = DualSystem.Compute(linear, Targets.OneHot([.. s.Labels, s.Labels[^1]], network.Outputs, 3));
        SingularProblemException e = Assert.Throws<SingularProblemException>(() => system.Solve(0));
        Assert.Contains("at λ = 0 and to the accuracy of K", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("AllowSingular", e.Message, StringComparison.Ordinal);
        double proposed = e.ProposedLambda;
        Assert.True(proposed > 0);
        DualSolution solution = system.Solve(proposed);
        using var problem = new LinearQuadraticProblem(linear, system.Targets, proposed);
        using ParameterVector d = solution.Update();
        Assert.Equal(solution.Loss, problem.Loss(d), Math.Max(1e-3 * solution.Loss, 1e-6));
    }

    [Fact]
    public void BadArgumentsAreNamed()
    {
        using SolverTests.Small s = new();
        GramMatrix gram = GramMatrix.Compute(s.Linear);
        Named("targets", "targets is [2 × 3]; expected [40 × 4]", () => new DualSystem(gram, Targets.OneHot([0, 1], 3, allowEmptyClasses: true)));
        var system = new DualSystem(gram, s.Targets(weighted: false));
        Named("lambda", "lambda is -1", () => system.Solve(-1));
        Named("lambdas", "lambdas is empty", () => system.Path([]));
        Named("lambdas", "lambdas[1] is 0", () => system.Path([1, 0]));
        Named("labels", "labels", () => system.Path([1], labels: [1]));
        Named("groupOf", "groupOf", () => system.Path([1], groupOf: [1]));
        DualSolution solution = system.Solve(0.1);
        Named("groupOf", "groupOf", () => solution.LeaveOneOut([1, 2]));
        Named("samples", "samples is empty", () => solution.Remove([]));
        Named("samples", "samples[1] is 40; expected a sample in [0, 40).", () => solution.Remove([0, 40]));
        Named("samples", "samples has sample 3 twice", () => solution.Remove([3, 1, 3]));
        Named("samples", "at least one must be left", () => solution.Remove([.. Enumerable.Range(0, 40)]));
        Named("output", "output is 4; expected one in [0, 4).", () => solution.Influence(s.Images.AsSpan(0, s.Linear.Network.InputShape.Elements), 4));
        Named("images", "images", () => solution.PredictiveVariance(s.Images, 3));
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        using var free = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0);
        using ParameterVector d = solution.Update();
        Named("problem", "λ = 0, with which H has no inverse", () => new SolvedProblem(free, d));
        Named("options", "Tolerance is 0", () => new SolvedProblem(problem, d, options: new SolvedProblemOptions { Tolerance = 0 }));
        Named("options", "MaxIterations is 0", () => new SolvedProblem(problem, d, options: new SolvedProblemOptions { MaxIterations = 0 }));
        using ParameterVector wrong = RandomNetworks.Direction(RandomNetworks.Get("vector", 1), 1);
        Named("d", "laid out for another network", () => new SolvedProblem(problem, wrong));
        using var solved = new SolvedProblem(problem, d);
        Named("samples", "samples[0] is -1", () => solved.LeaveOneOut([-1]));
        Named("samples", "samples has sample 3 twice", () => solved.Refit([3, 3]));
        Named("method", "DualSolution.Remove", () => solved.Remove([0], RemovalMethod.Dual));
        Named("probes", "probes", () => SolvedProblem.EstimatePath(s.Linear, s.Targets(false), [1], probes: 0));
        Named("largest", "largest", () => RegularizationPath.Lambdas(1, 2, 3));
        using var few = new SolvedProblem(problem, d, options: new SolvedProblemOptions { MaxIterations = 2 });
        ArithmeticException e = Assert.Throws<ArithmeticException>(() => few.Remove([0]));
        Assert.Contains("after 2 iterations, tolerance 1E-05, λ = 0.1", e.Message, StringComparison.Ordinal);
    }

    private static void Named(string parameter, string text, Func<object> call)
    {
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(() => { _ = call(); });
        Assert.True(e.Message.Contains(text, StringComparison.Ordinal), e.Message);
        Assert.Equal(parameter, e.ParamName);
    }
}
