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

    /// <summary>Per sample and output in fp64: the blend minimises what it stands for, and its weights are the curvature of that.</summary>
    [Fact]
    public void WithAClassMapTheOldModelPullsOnlyOnSharedClasses()
    {
        // Old class 1 is gone; new classes 1 and 3 are new.
        ClassMap map = new([2, -1, 0], 4);
        int[] labels = [0, 1, 2, 3, 2];
        // Argmaxes: the old class 2 (new 0, right); 0; 0 (new 2, right); 2; 1, which is gone.
        float[] old = [1, 0, 3, 2, 1, 0, 4, 1, -1, 0, 0, 5, 2, 6, 1];
        foreach (UnknownLabelPolicy policy in Enum.GetValues<UnknownLabelPolicy>())
        {
            var options = new PositiveCongruentOptions { LambdaPc = 0.5, FocalAlpha = 1, FocalBeta = 5, Alpha = 10, UnknownLabels = policy };
            Targets t = Targets.PositiveCongruent(labels, old, options, map);
            // Over the shared columns: z_y of samples 0, 2 and 4, and all squares but of the class that is gone.
            double factor = 10 * (3 + 4 + 2) / (1.0 + 9 + 4 + 0 + 16 + 1 + 0 + 25 + 4 + 1);
            Assert.Equal(factor, t.OldLogitsFactor, 1e-12);
            for (int i = 0; i < 5; i++)
            {
                bool right = i is 0 or 2, unknown = labels[i] is 1 or 3;
                double w = unknown && policy == UnknownLabelPolicy.Exclude ? 0 : 1 + (right ? 5 : 0);
                for (int c = 0; c < 4; c++)
                {
                    int o = map.OldOfNew[c];
                    double y = c == labels[i] ? 10 : 0, pull = o < 0 ? 0 : 0.5 * w, z = o < 0 ? 0 : factor * old[(i * 3) + o];
                    double f = t.Values.Span[(i * 4) + c], s = t.Weights.Span[(i * 4) + c];
                    // d/df of (f − αe_y)² + λ w (f − z)² is 0 at t; half its second derivative is s. One rounding of each to fp32.
                    Assert.Equal(0, f - y + (pull * (f - z)), 1e-5);
                    Assert.Equal(1 + pull, s, 1e-6);
                }
            }
        }
        // The same classes: the same as without a map.
        Targets plain = Targets.PositiveCongruent([0, 2, 1], old[..9]), mapped = Targets.PositiveCongruent([0, 2, 1], old[..9], null, ClassMap.Grown(3, 3));
        Assert.Equal(plain.Values.ToArray(), mapped.Values.ToArray());
        Assert.Equal(plain.Weights.ToArray(), mapped.Weights.ToArray());
        // Nothing shared: one-hot targets.
        Targets alone = Targets.PositiveCongruent([0, 1], [1, 2], null, new ClassMap([-1], 2));
        Assert.Equal(Targets.OneHot([0, 1], 2).Values.ToArray(), alone.Values.ToArray());
        AssertNamed("oldLogits", "oldLogits is [2 × 2]; expected [2 × 3] (rows = labels.Length, the map's old classes).", () => Targets.PositiveCongruent([0, 1], [1, 2, 3, 4], null, map));
    }

    /// <summary>The solution of the whole problem: the dense one in fp64 has two separate terms where the targets have one.</summary>
    [Fact]
    public void WithAClassMapTheSolutionIsTheDenseOne()
    {
        using SolverTests.Small s = new();
        ClassMap map = new([3, -1, 0], 4);
        int[] labels = [.. Enumerable.Range(0, 40).Select(i => i % 4)];
        float[] old = RandomFloats.Uniform(3, 120);
        var options = new PositiveCongruentOptions { LambdaPc = 0.7, RescaleOldLogits = false };
        Targets t = Targets.PositiveCongruent(labels, old, options, map);
        using var problem = new LinearQuadraticProblem(s.Linear, t, 0.1);
        using ParameterVector update = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-7, MaxIterations = 2000 }).Update;
        double[] d = [.. update.ToArray().Select(v => (double)v)];
        // The gradient of Σ ‖f − αe_y‖² + λ_pc w ‖f − z‖² over the shared classes, and the ridge, at the solution.
        DenseLeastSquares dense = new(s.Linear, t, 0.1);
        double[] f = dense.Fitted(d), gradient = [.. d.Select(v => 0.1 * v)];
        for (int i = 0; i < 40; i++)
        {
            double w = 1 + (map.NewOfOld[LossReference.Argmax(old.AsSpan(i * 3, 3))] == labels[i] ? 5 : 0);
            for (int c = 0; c < 4; c++)
            {
                double residual = f[(i * 4) + c] - (c == labels[i] ? 15 : 0);
                if (map.OldOfNew[c] is >= 0 and int o)
                {
                    residual += 0.7 * w * (f[(i * 4) + c] - old[(i * 3) + o]);
                }
                for (int p = 0; p < d.Length; p++) gradient[p] += dense.J[(i * 4) + c][p] * residual / 40;
            }
        }
        double[] zero = dense.Solve();
        double size = Math.Sqrt(zero.Sum(v => v * v));
        // The relative residual that PCG stops at, in fp32 products.
        Assert.True(Math.Sqrt(gradient.Sum(v => v * v)) <= 1e-3 * size, $"{Math.Sqrt(gradient.Sum(v => v * v))} of {size}");
        for (int p = 0; p < d.Length; p++) Assert.Equal(zero[p], d[p], 1e-3 * size);
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
