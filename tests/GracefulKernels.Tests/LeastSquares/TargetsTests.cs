namespace GracefulKernels.Tests;

/// <summary>Targets, weights and what is refused.</summary>
public class TargetsTests
{
    [Fact]
    public void OneHotIsScaled()
    {
        Targets t = Targets.OneHot([2, 0], 3, allowEmptyClasses: true);
        Assert.Equal([0f, 0, 15, 15, 0, 0], t.Values.ToArray());
        Assert.True(t.Weights.IsEmpty);
        Assert.Equal(15, t.Alpha);
        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(() => Targets.OneHot([0, 3], 3));
        Assert.Equal("labels", e.ParamName);
        Assert.Contains("labels[1] is 3; expected a class in [0, 3).", e.Message, StringComparison.Ordinal);
        Assert.Equal("alpha", Assert.Throws<ArgumentOutOfRangeException>(() => Targets.OneHot([0], 3, 0)).ParamName);
    }

    [Fact]
    public void AClassWithoutSamplesIsNamed()
    {
        AssertNamed("labels", "labels has no sample of class 1, 3 (of 4): a squared loss would pull that output to 0.", () => Targets.OneHot([2, 0, 2], 4));
        AssertNamed("labels", "class 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 4 more (of 15)", () => Targets.OneHot([14], 15));
        AssertNamed("labels", "no sample of class 2 (of 3)", () => Targets.PositiveCongruent([0, 1], [1, 2, 3, 4, 5, 6]));
        var allowed = new PositiveCongruentOptions { LambdaPc = 0, AllowEmptyClasses = true };
        Assert.Equal([15f, 0, 0, 0, 15, 0], Targets.PositiveCongruent([0, 1], [1, 2, 3, 4, 5, 6], allowed).Values.ToArray());
    }

    [Fact]
    public void OldLogitsAreBroughtToTheScaleOfTheTargets()
    {
        int[] labels = [0, 1, 1];
        // Exactly proportional to one-hot rows for the first two; the third is wrong.
        float[] old = [2, 0, 0, 2, 2, 0];
        var options = new PositiveCongruentOptions { LambdaPc = 0.5, FocalAlpha = 1, FocalBeta = 5, Alpha = 10 };
        Targets t = Targets.PositiveCongruent(labels, old, options);
        // k = α Σ z_y / Σ ‖z‖² = 10·4/12.
        Assert.Equal(40.0 / 12, t.OldLogitsFactor, 1e-12);
        // w = 6, 6, 1: s = 4, 4, 1.5.
        Assert.Equal([4f, 4, 4, 4, 1.5f, 1.5f], t.Weights.ToArray());
        double z = 2 * 40.0 / 12;
        Tolerance.AssertClose([(10 + (3 * z)) / 4, 0, 0, (10 + (3 * z)) / 4, 0.5 * z / 1.5, 10 / 1.5], t.Values.Span, 1e-7, 0, "t");
        Targets raw = Targets.PositiveCongruent(labels, old, options with { RescaleOldLogits = false });
        Assert.Equal(1, raw.OldLogitsFactor);
        Assert.Equal((10 + (3 * 2)) / 4f, raw.Values.Span[0]);
        ArgumentException e = Assert.Throws<ArgumentException>(() => Targets.PositiveCongruent(labels, [-1, 0, 0, -1, 0, -1], options));
        Assert.Contains("expected a positive one", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutPullTheBlendIsOneHot()
    {
        Targets t = Targets.PositiveCongruent([1, 0], [1, 2, 3, 4], new PositiveCongruentOptions { LambdaPc = 0 });
        Assert.Equal(Targets.OneHot([1, 0], 2).Values.ToArray(), t.Values.ToArray());
        Assert.All(t.Weights.ToArray(), s => Assert.Equal(1f, s));
    }

    [Fact]
    public void BadArgumentsAreNamed()
    {
        AssertNamed("values", "values is [1 × 3]; expected [2 × 3] (samples × classes).", () => new Targets(new float[3], 2, 3));
        AssertNamed("values", "values[1] is Infinity", () => new Targets([0, float.PositiveInfinity], 1, 2));
        AssertNamed("weights", "weights[2] is -1; every weight must be at least 0.", () => new Targets(new float[4], 2, 2, [1, 1, -1, 1]));
        AssertNamed("weights", "weights[0] is NaN", () => new Targets(new float[4], 2, 2, [float.NaN, 1]));
        AssertNamed("weights", "expected [2 × 2]", () => new Targets(new float[4], 2, 2, new float[3]));
        AssertNamed("oldLogits", "oldLogits has 5 elements; expected [2 × C]", () => Targets.PositiveCongruent([0, 1], new float[5]));
        AssertNamed("oldLogits", "oldLogits[3] is NaN", () => Targets.PositiveCongruent([0, 1], [1, 2, 3, float.NaN]));
        AssertNamed("options", "LambdaPc", () => Targets.PositiveCongruent([0, 1], [1, 2, 3, 4], new PositiveCongruentOptions { LambdaPc = -1 }));

        using SolverTests.Small s = new();
        Targets t = s.Targets(weighted: false);
        AssertNamed("lambda", "lambda is -1; expected a finite number ≥ 0.", () => new LinearQuadraticProblem(s.Linear, t, -1));
        AssertNamed("lambda", "lambda is NaN", () => new LinearQuadraticProblem(s.Linear, t, double.NaN));
        AssertNamed("targets", "targets is [2 × 3]; expected [40 × 4] (samples × outputs of the network).", () => new LinearQuadraticProblem(s.Linear, Targets.OneHot([0, 1], 3, allowEmptyClasses: true), 1));
        using var problem = new LinearQuadraticProblem(s.Linear, t, 0.1);
        AssertNamed("options", "Tolerance", () => Pcg.Solve(problem, new PcgOptions { Tolerance = -1 }));
        AssertNamed("options", "MaxIterations is -1", () => Pcg.Solve(problem, new PcgOptions { MaxIterations = -1 }));
        AssertNamed("options", "BatchSize is 0", () => Psgd.Solve(problem, new PsgdOptions { BatchSize = 0 }));
        AssertNamed("options", "Momentum is 1", () => Psgd.Solve(problem, new PsgdOptions { Momentum = 1 }));
        using ParameterVector wrong = RandomNetworks.Direction(RandomNetworks.Get("vector", 1), 1);
        AssertNamed("d", "laid out for another network", () => problem.Loss(wrong));
        AssertNamed("d", "laid out for another network", () => Pcg.Solve(problem, new PcgOptions { Start = wrong }));
    }

    private static void AssertNamed(string parameter, string text, Func<object> call)
    {
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(() => { _ = call(); });
        Assert.True(e.Message.Contains(text, StringComparison.Ordinal), e.Message);
        Assert.Equal(parameter, e.ParamName);
    }
}
