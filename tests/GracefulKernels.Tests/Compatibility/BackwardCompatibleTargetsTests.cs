namespace GracefulKernels.Tests;

/// <summary>Backward-compatible rows of a least-squares problem: their targets by hand, their solution against one in dense fp64.</summary>
public abstract class BackwardCompatibleTargetsTests(KernelFamily family)
{
    private static readonly ClassMap _map = new([2, -1, 0], 4);

    [Fact]
    public void TargetsAreInTheUnitsOfEachHead()
    {
        // Old classes 0, none, 2, none; logits of the others: −1, 0, −2, 1 → b = −0.5; of the own: 3, 5 → a = 4 + 0.5.
        float[] old = [3, -1, 0, 9, 9, 9, -2, 1, 5, 7, 7, 7];
        Targets t = Targets.BackwardCompatible([2, 1, 0, 3], old, _map, new BackwardCompatibleOptions { LambdaBct = 0.5, Alpha = 9 });
        Assert.Equal((4, 7, 9, 2), (t.Samples, t.Classes, t.Alpha, t.OldLogitsFactor));
        Assert.Equal(
            [0f, 0, 9, 0, 4, -0.5f, -0.5f, 0, 9, 0, 0, 0, 0, 0, 9, 0, 0, 0, -0.5f, -0.5f, 4, 0, 0, 0, 9, 0, 0, 0],
            t.Values.ToArray());
        // λ k² = 0.5·2² on the old outputs of samples that have an old class.
        Assert.Equal([1f, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0], t.Weights.ToArray());
    }

    [Fact]
    public void ScaleAndOffsetAreTheBestInLeastSquares()
    {
        int[] labels = [0, 2, 2, 0, 2, 1, 3];
        float[] old = RandomNetworks.Normal(labels.Length * 3, 3);
        int[] oldLabels = _map.OldLabels(labels);
        for (int i = 0; i < labels.Length; i++)
        {
            if (oldLabels[i] >= 0) old[(i * 3) + oldLabels[i]] += 4;
        }
        Targets t = Targets.BackwardCompatible(labels, old, _map);
        double a = t.Alpha / t.OldLogitsFactor, b = t.Values.Span[(0 * 7) + 4];
        double best = Error(a, b);
        // A stationary point of a convex function: any step costs. 1e-2 is far above the rounding of b to fp32.
        foreach ((double da, double db) in ((double, double)[])[(1e-2, 0), (-1e-2, 0), (0, 1e-2), (0, -1e-2)]) Assert.True(Error(a + da, b + db) > best);

        double Error(double scale, double offset) => Enumerable.Range(0, labels.Length).Where(i => oldLabels[i] >= 0).Sum(
            i => Enumerable.Range(0, 3).Sum(c => Math.Pow(old[(i * 3) + c] - offset - (c == oldLabels[i] ? scale : 0), 2)));
    }

    /// <summary>Primal and dual meet the normal equations, and λ_bct moves the old head's outputs to their targets.</summary>
    [Fact]
    public void OneConvexSolveServesBothHeads()
    {
        const int Samples = 24;
        const double Lambda = 0.5;
        Network network = RandomNetworks.Get("residual", 3, family.Device).WithFrozenHead(3, RandomNetworks.Normal(18, 5), RandomNetworks.Normal(3, 6));
        float[] images = RandomNetworks.Images(network, Samples, 1), old = RandomNetworks.Normal(Samples * 3, 7);
        int[] labels = [.. Enumerable.Range(0, Samples).Select(i => i % 4)];
        for (int i = 0; i < Samples; i++)
        {
            if (_map.OldOfNew[labels[i]] is >= 0 and int c) old[(i * 3) + c] += 3;
        }
        using var linear = new LinearizedNetwork(network, images, Samples);
        double[] misses = new double[2];
        foreach (double lambdaBct in (double[])[0, 1])
        {
            Targets targets = Targets.BackwardCompatible(labels, old, _map, new BackwardCompatibleOptions { LambdaBct = lambdaBct });
            var dense = new DenseLeastSquares(linear, targets, Lambda);
            double[] expected = dense.Solve();
            // Rounding in fp32 (6e-8) enlarged by the condition of H, in which J and f0 are given.
            double bound = 20 * 6e-8 * dense.Condition();
            using (ParameterVector d = DualSystem.Compute(linear, targets).Solve(Lambda).Update()) Tolerance.AssertRelativeNorm(expected, d.ToArray(), bound, $"dual, λ {lambdaBct}");
            KroneckerFactors factors = KroneckerFactors.Compute(linear);
            using var preconditioner = new KroneckerPreconditioner(factors, Lambda, network.Parameters, network.Device);
            using var problem = new LinearQuadraticProblem(linear, targets, Lambda);
            SolverResult pcg = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-5, MaxIterations = 400 }, preconditioner);
            Assert.Equal(SolverStop.Tolerance, pcg.Stop);
            // What is left of the gradient, enlarged by the condition of H at worst: ‖d − d*‖ ≤ ‖∇‖/λ, and ‖d*‖ ≥ ‖∇(0)‖/(κλ).
            Tolerance.AssertRelativeNorm(expected, pcg.Update.ToArray(), 1e-5 * dense.Condition(), $"PCG, λ {lambdaBct}");
            misses[(int)lambdaBct] = OldMiss(problem.Fitted(pcg.Update), Targets.BackwardCompatible(labels, old, _map));
            // The old head reads the linearised embedding.
            float[] features = new LinearizedModel(network, pcg.Update).Features(images, Samples);
            Assert.Equal(Samples * 6, features.Length);
            pcg.Update.Dispose();
        }
        Assert.True(misses[1] < 0.5 * misses[0], $"{misses[0]} without, {misses[1]} with the old head's rows");

        static double OldMiss(float[] fitted, Targets targets)
            => Enumerable.Range(0, fitted.Length).Where(i => i % 7 >= 4).Sum(i => targets.Weights.Span[i] * Math.Pow(fitted[i] - targets.Values.Span[i], 2));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Refused("oldLogits is [5]; expected [2 × 3] (samples × old classes)", () => Targets.BackwardCompatible([0, 2], new float[5], _map, Any));
        Refused("labels[0] is 4", () => Targets.BackwardCompatible([4], new float[3], _map, Any));
        Refused("No sample has a class", () => Targets.BackwardCompatible([1, 3], new float[6], _map, Any));
        Refused("expected a positive one", () => Targets.BackwardCompatible([0], [1, 1, 0], _map, Any));
        Refused("LambdaBct", () => Targets.BackwardCompatible([0], [0, 0, 1], _map, Any with { LambdaBct = double.NaN }));
        Refused("class 1, 2, 3", () => Targets.BackwardCompatible([0], [0, 0, 1], _map));

        static void Refused(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    private static BackwardCompatibleOptions Any => new() { AllowEmptyClasses = true };
}

public sealed class BackwardCompatibleTargetsTestsOnCpu() : BackwardCompatibleTargetsTests(KernelFamily.Cpu);

public sealed class BackwardCompatibleTargetsTestsOnGpu() : BackwardCompatibleTargetsTests(KernelFamily.Gpu);
