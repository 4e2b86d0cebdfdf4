using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>
/// Exact ridge solutions of two small problems; <see cref="LqfAnswersGoldenTests"/> has what else the files answer.
/// </summary>
public abstract class LqfGoldenTests(KernelFamily family)
{
    private const string Family = "lqf";

    public static TheoryData<string> Plain => [.. from p in new[] { "tiny_cnn", "linear_head" }
                                                  from w in new[] { "ones", "sample", "sample_output" }
                                                  from l in new[] { "0.001", "0.1" }
                                                  select $"{p}.{w}.lambda{l}"];

    public static TheoryData<string> PositiveCongruent => ["tiny_cnn.pc.lambda0.1.pc1.a1.b5", "tiny_cnn.pc.lambda0.001.pc0.5.a0.b2", "linear_head.pc.lambda0.1.pc1.a1.b5"];

    [Theory]
    [MemberData(nameof(Plain))]
    public void PcgReachesTheExactSolution(string name)
    {
        using Case c = new(name, family.Device);
        Targets targets = Targets.OneHot(c.Labels, c.Network.Outputs, 15);
        if (c.Inputs.TryGetProperty("s", out JsonElement s)) targets = targets.WithWeights(Golden.Floats(Family, s));
        using var problem = new LinearQuadraticProblem(c.Linear, targets, c.Lambda);
        AssertLoss(c.Number("loss_at_zero"), problem.Loss(c.Zero), c, "loss at 0");
        AssertLoss(c.Number("loss_at_probe"), problem.Loss(c.Probe), c, "loss at the probe");
        using ParameterVector gradient = problem.Gradient(c.Probe);
        // The bound of the golden VJPs; the gradient adds one rounded term.
        Tolerance.AssertRelativeNorm(Golden.Array(Family, c.Expected.GetProperty("gradient_at_probe")), gradient.ToArray(), 2e-5, "gradient");
        using ParameterVector start = problem.Gradient(c.Zero);
        Assert.Equal(c.Number("gradient_at_zero_norm"), start.Norm(), c.Number("gradient_at_zero_norm") * 1e-5);
        AssertSolution(c, problem, "loss");
    }

    [Theory]
    [MemberData(nameof(PositiveCongruent))]
    public void PositiveCongruentTargetsGiveTheExactSolution(string name)
    {
        using Case c = new(name, family.Device);
        float[] old = Golden.Floats(Family, c.Inputs.GetProperty("z_old"));
        Targets targets = Targets.PositiveCongruent(c.Labels, old, new PositiveCongruentOptions
        {
            LambdaPc = c.Parameters.GetProperty("lambda_pc").GetDouble(),
            FocalAlpha = c.Parameters.GetProperty("a").GetDouble(),
            FocalBeta = c.Parameters.GetProperty("b").GetDouble(),
            RescaleOldLogits = false,
        });
        Assert.Equal(1, targets.OldLogitsFactor);
        double[] s = Golden.Array(Family, c.Expected.GetProperty("s"));
        // Rounded once from fp64.
        Tolerance.AssertClose([.. Enumerable.Range(0, targets.Weights.Length).Select(i => s[i / targets.Classes])], targets.Weights.Span, 1e-7, 0, "s");
        Tolerance.AssertClose(Golden.Array(Family, c.Expected.GetProperty("blended_targets")), targets.Values.Span, 1e-7, 1e-12, "t");
        using var problem = new LinearQuadraticProblem(c.Linear, targets, c.Lambda);
        AssertLoss(c.Number("loss_blended_at_probe"), problem.Loss(c.Probe), c, "loss at the probe");
        AssertSolution(c, problem, "loss_blended");
    }

    private void AssertSolution(Case c, LinearQuadraticProblem problem, string loss)
    {
        KroneckerFactors factors = KroneckerFactors.Compute(c.Linear, weights: problem.Targets.Weights.Span);
        using var preconditioner = new KroneckerPreconditioner(factors, c.Lambda, c.Network.Parameters, c.Network.Device);
        bool weak = c.Lambda < 0.1 && c.Name.StartsWith("tiny_cnn", StringComparison.Ordinal);
        foreach (KroneckerPreconditioner? p in new[] { null, preconditioner })
        {
            // More than a thousand iterations with the preconditioner, some 350 without: too many for a processor that plays a device.
            if (p is not null && weak && !family.IsCpu) continue;
            SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-7, MaxIterations = 2000 }, p);
            using ParameterVector d = result.Update;
            Assert.NotEqual(SolverStop.Budget, result.Stop);
            AssertLoss(c.Number(loss), problem.Loss(d), c, "loss at the solution");
            // 192 outputs against 940 parameters: rounding in the preconditioner leaves the row space of J, where only the ridge brings it back, and at
            // λ = 0.001 that is too weak for fp32. The loss does not see it; without preconditioner d never leaves.
            if (p is not null && weak) continue;
            AssertOutputs(c, "fitted", problem.Fitted(d));
            AssertOutputs(c, "fitted_test", new LinearizedModel(c.Network, d).Predict(c.TestImages, c.TestSamples, ImageLayout.Nchw, batchSize: 5));
            // d itself is only determined where the ridge holds it.
            if (c.Lambda >= 0.1) Tolerance.AssertRelativeNorm(Golden.Array(Family, c.Expected.GetProperty("d")), d.ToArray(), 1e-4, "d");
        }
    }

    private static void AssertOutputs(Case c, string what, float[] outputs)
    {
        JsonElement t = c.Float32.GetProperty("outputs");
        Tolerance.AssertClose(
            Golden.Array(Family, c.Expected.GetProperty(what)), outputs, t.GetProperty("rtol").GetDouble(), t.GetProperty("atol").GetDouble(), $"{c.Name} {what}");
    }

    private static void AssertLoss(double expected, double actual, Case c, string what)
    {
        double rtol = c.Float32.GetProperty("loss").GetProperty("rtol").GetDouble();
        Assert.True(Math.Abs(actual - expected) <= rtol * expected, $"{c.Name} {what}: {actual:R}, expected {expected:R}");
    }

    internal sealed class Case : IDisposable
    {
        public Case(string name, ComputeDevice device)
        {
            Name = name;
            JsonElement manifest = Golden.Manifest(Family);
            JsonElement c = manifest.GetProperty("cases").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);
            Inputs = c.GetProperty("inputs");
            Expected = c.GetProperty("expected");
            Parameters = c.GetProperty("parameters");
            Float32 = c.GetProperty("tolerance").GetProperty("float32");
            Lambda = Parameters.GetProperty("lambda").GetDouble();
            JsonElement problem = manifest.GetProperty("problems").GetProperty(Parameters.GetProperty("problem").GetString()!);
            int[] shape = Golden.Shape(Family, Inputs.GetProperty("x"));
            Network = GoldenNetworks.Load(Family, problem.GetProperty("architecture"), shape, Inputs.GetProperty("w0"), device);
            Linear = new LinearizedNetwork(
                Network, Golden.Floats(Family, Inputs.GetProperty("x")), shape[0], ImageLayout.Nchw, new LinearizedOptions { BatchSize = 20 });
            Labels = Golden.Ints(Family, Inputs.GetProperty("labels"));
            TestImages = Golden.Floats(Family, Inputs.GetProperty("x_test"));
            TestSamples = Golden.Shape(Family, Inputs.GetProperty("x_test"))[0];
            Probe = ParameterVector.FromArray(Network.Parameters, Network.Device, Golden.Floats(Family, Inputs.GetProperty("probe_d")));
            Zero = new ParameterVector(Network.Parameters, Network.Device);
        }

        public string Name { get; }

        public JsonElement Inputs { get; }

        public JsonElement Expected { get; }

        public JsonElement Parameters { get; }

        public JsonElement Float32 { get; }

        public double Lambda { get; }

        public Network Network { get; }

        public LinearizedNetwork Linear { get; }

        public int[] Labels { get; }

        public float[] TestImages { get; }

        public int TestSamples { get; }

        public ParameterVector Probe { get; }

        public ParameterVector Zero { get; }

        public double Number(string name) => Golden.Number(Expected.GetProperty(name));

        public void Dispose()
        {
            Linear.Dispose();
            Probe.Dispose();
            Zero.Dispose();
        }
    }
}

public sealed class LqfGoldenTestsOnCpu() : LqfGoldenTests(KernelFamily.Cpu);

public sealed class LqfGoldenTestsOnGpu() : LqfGoldenTests(KernelFamily.Gpu);
