using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>
/// Leave-one-out and removal by real refits in both normalisations, degrees of freedom and GCV of two small problems. The closed forms keep nλ; at λ(n − k)/n they are
/// the refits of k samples fewer with 1/(n − k).
/// </summary>
public abstract class LqfAnswersGoldenTests(KernelFamily family)
{
    private const string Family = "lqf";

    public static TheoryData<string> Plain => LqfGoldenTests.Plain;

    public static TheoryData<string> WellConditioned => [.. from p in new[] { "tiny_cnn", "linear_head" } from w in new[] { "ones", "sample", "sample_output" } select $"{p}.{w}.lambda0.1"];

    [Theory]
    [MemberData(nameof(Plain))]
    public void TheDualAnswersAsRefitsDo(string name)
    {
        using LqfGoldenTests.Case c = new(name, family.Device);
        Targets targets = TargetsOf(c);
        int n = targets.Samples;
        var system = DualSystem.Compute(c.Linear, targets, new GramOptions { RowBytes = 1 << 20 });
        DualSolution solution = system.Solve(c.Lambda);
        double rtol = c.Float32.GetProperty("loss").GetProperty("rtol").GetDouble();
        Close("fitted", c.Expected.GetProperty("fitted"), solution.Fitted(), c);
        Relative(c.Number("data_loss"), solution.DataLoss, 10 * rtol, "data loss");
        Relative(c.Number("loss"), solution.Loss, rtol, "loss");
        Relative(c.Number("d_norm"), solution.UpdateNorm, rtol, "‖d‖");
        Relative(c.Number("dof"), solution.DegreesOfFreedom(), rtol, "dof");
        // 1 − dof/(nC) is a fortieth where dof is nearly all of nC.
        Relative(c.Number("gcv"), solution.GeneralizedCrossValidation(), 40 * rtol, "GCV");
        LeaveOneOut left = solution.LeaveOneOut();
        Close("loo_keep_n", c.Expected.GetProperty("loo_keep_n"), left.Outputs.ToArray(), c);
        double squares = 0;
        for (int i = 0; i < left.Outputs.Length; i++) squares += Math.Pow(left.Outputs.Span[i] - targets.Values.Span[i], 2);
        Relative(c.Number("loo_mean_squared_error_keep_n"), squares / n, 10 * rtol, "leave-one-out error");
        Assert.Equal(c.Number("loo_correct_keep_n"), left.Accuracy(c.Labels) * n, 1e-9);
        Close("loo_renormalised", c.Expected.GetProperty("loo_renormalised"), system.Solve(c.Lambda * (n - 1) / n).LeaveOneOut().Outputs.ToArray(), c);
        PathPoint point = system.Path([c.Lambda], c.Labels).Points[0];
        Relative(c.Number("dof"), point.DegreesOfFreedom, rtol, "dof of the path");
        Relative(left.Loss, point.LeaveOneOutLoss, 1e-6, "leave-one-out loss of the path");
        Assert.Equal(left.Accuracy(c.Labels), point.LeaveOneOutAccuracy);
        using ParameterVector d = solution.Update();
        if (c.Lambda >= 0.1) Tolerance.AssertRelativeNorm(Golden.Array(Family, c.Expected.GetProperty("d")), d.ToArray(), 1e-4, "d");
        Close("fitted_test", c.Expected.GetProperty("fitted_test"), Predict(c, d), c);
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void TheDualRemovesAsRefitsDo(string name)
    {
        using LqfGoldenTests.Case whole = new(name, family.Device);
        Targets targets = TargetsOf(whole);
        var system = DualSystem.Compute(whole.Linear, targets);
        foreach (string form in new[] { "keep_n", "renormalised" })
        {
            using LqfGoldenTests.Case c = new($"{name}.remove.{form}", family.Device);
            int[] removed = [.. c.Parameters.GetProperty("removed").EnumerateArray().Select(e => e.GetInt32())];
            double lambda = form == "keep_n" ? c.Lambda : c.Lambda * (targets.Samples - removed.Length) / targets.Samples;
            Removal removal = system.Solve(lambda).Remove(removed);
            using ParameterVector d = removal.Update;
            AssertRemoval(c, whole, d);
            Assert.InRange(removal.RelativeGradient, 0, 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(WellConditioned))]
    public void SolvesWithTheHessianAnswerAsRefitsDo(string name)
    {
        using LqfGoldenTests.Case whole = new(name, family.Device);
        using LqfGoldenTests.Case c = new($"{name}.remove.keep_n", family.Device);
        Targets targets = TargetsOf(whole);
        using var problem = new LinearQuadraticProblem(whole.Linear, targets, whole.Lambda);
        using ParameterVector d = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-7, MaxIterations = 2000 }).Update;
        using var solved = new SolvedProblem(problem, d);
        int[] removed = [.. c.Parameters.GetProperty("removed").EnumerateArray().Select(e => e.GetInt32())];
        foreach (RemovalMethod method in new[] { RemovalMethod.ClosedForm, RemovalMethod.ReducedProblem })
        {
            if (!family.IsCpu && method == RemovalMethod.ClosedForm) continue;
            using ParameterVector without = solved.Remove(removed, method).Update;
            AssertRemoval(c, whole, without);
        }
        int[] samples = family.IsCpu ? [0, 7, 20] : [7];
        double[] left = Golden.Array(Family, whole.Expected.GetProperty("loo_keep_n"));
        int classes = targets.Classes;
        Close("leave-one-out", [.. samples.SelectMany(i => left[(i * classes)..((i + 1) * classes)])], solved.LeaveOneOut(samples).Outputs.ToArray(), whole);
    }

    private static void AssertRemoval(LqfGoldenTests.Case c, LqfGoldenTests.Case whole, ParameterVector d)
    {
        if (c.Lambda >= 0.1) Tolerance.AssertRelativeNorm(Golden.Array(Family, c.Expected.GetProperty("d")), d.ToArray(), 1e-4, "d");
        float[] change = whole.Linear.Jvp(d);
        Close("fitted", c.Expected.GetProperty("fitted"), [.. change.Zip(whole.Linear.F0.ToArray(), (x, f) => (double)x + f)], c);
        Close("fitted_test", c.Expected.GetProperty("fitted_test"), Predict(whole, d), c);
    }

    private static Targets TargetsOf(LqfGoldenTests.Case c)
    {
        Targets targets = Targets.OneHot(c.Labels, c.Network.Outputs, 15);
        return c.Inputs.TryGetProperty("s", out JsonElement s) ? targets.WithWeights(Golden.Floats(Family, s)) : targets;
    }

    private static double[] Predict(LqfGoldenTests.Case c, ParameterVector d)
        => [.. new LinearizedModel(c.Network, d).Predict(c.TestImages, c.TestSamples, ImageLayout.Nchw).Select(v => (double)v)];

    private static void Close(string what, JsonElement expected, double[] actual, LqfGoldenTests.Case c) => Close(what, Golden.Array(Family, expected), actual, c);

    private static void Close(string what, double[] expected, double[] actual, LqfGoldenTests.Case c)
    {
        JsonElement t = c.Float32.GetProperty("outputs");
        Tolerance.AssertClose(
            expected, [.. actual.Select(v => (float)v)], t.GetProperty("rtol").GetDouble(), t.GetProperty("atol").GetDouble(), $"{c.Name} {what}");
    }

    private static void Relative(double expected, double actual, double tolerance, string what)
        => Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected), $"{what}: {actual:R}, expected {expected:R}");
}

public sealed class LqfAnswersGoldenTestsOnCpu() : LqfAnswersGoldenTests(KernelFamily.Cpu);

public sealed class LqfAnswersGoldenTestsOnGpu() : LqfAnswersGoldenTests(KernelFamily.Gpu);
