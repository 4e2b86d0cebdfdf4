using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>The golden family <c>losses</c> through the public entry, on every device.</summary>
public abstract class LossesGoldenTests(KernelFamily family)
{
    [Fact]
    public void EveryCaseOfTheManifest()
    {
        int checkedCases = 0;
        foreach (JsonElement c in Golden.Manifest("losses").GetProperty("cases").EnumerateArray())
        {
            Check(c.GetProperty("name").GetString()!, c);
            checkedCases++;
        }
        Assert.Equal(134, checkedCases);
    }

    [Fact]
    public void CifarLogitsHaveTheirKnownFlipsAndCrossEntropies()
    {
        float[] old = Logits("test_resnet20_logits.npy"), updated = Logits("test_resnet56_logits.npy");
        int[] labels = [.. Golden.Npy(Golden.Data("cifar10-logits/test_labels.npy")).Values.Select(v => (int)v)];
        foreach (ComputeDevice device in family.Devices)
        {
            var options = new CongruenceOptions { Distance = CongruenceDistance.None };
            CongruenceResult result = CongruenceLoss.Evaluate(updated, old, labels, 10, options, device: device);
            Assert.Equal((249L, 415L), (result.Flips.NegativeFlips, result.Flips.PositiveFlips));
            Assert.Equal((9173L, 9339L), (result.Flips.OldRight, result.Flips.NewRight));
            // Published to five digits.
            Assert.Equal(0.34583, result.Loss, 5e-6);
            Assert.Equal(0.37266, CongruenceLoss.Evaluate(old, [], labels, 10, options, device: device).Loss, 5e-6);
            Assert.Equal(result.Flips, FlipCounts.FromLogits(old, updated, labels, 10, device: device));
        }
    }

    private static float[] Logits(string file) => [.. Golden.Npy(Golden.Data("cifar10-logits/" + file)).Values.Select(v => (float)v)];

    private void Check(string name, JsonElement c)
    {
        if (name == "edges.nothing_valid") NothingValid(c);
        else if (name == "edges.infinities_and_nan") Edges(c);
        else
        {
            foreach (ComputeDevice device in family.Devices) Check(name, c, device);
        }
    }

    private static void Check(string name, JsonElement c, ComputeDevice device)
    {
        JsonElement inputs = c.GetProperty("inputs"), p = c.GetProperty("parameters"), expected = c.GetProperty("expected");
        float[] zOld = Golden.Floats("losses", inputs.GetProperty("z_old")), zNew = Golden.Floats("losses", inputs.GetProperty("z_new"));
        int[] labels = Golden.Ints("losses", inputs.GetProperty("labels"));
        int classes = Golden.Shape("losses", inputs.GetProperty("z_new"))[1];
        bool objective = name.Contains(".pc.", StringComparison.Ordinal), ce = name.Contains(".ce.", StringComparison.Ordinal);
        var options = new CongruenceOptions
        {
            Base = objective || ce ? LabelLoss.CrossEntropy : LabelLoss.None,
            LabelSmoothing = ce ? (float)p.GetProperty("smoothing").GetDouble() : 0,
            Distance = ce ? CongruenceDistance.None : p.GetProperty("D").GetString() switch
            {
                "kl_forward" => CongruenceDistance.KlOldNew,
                "kl_reverse" => CongruenceDistance.KlNewOld,
                "lm" => CongruenceDistance.LogitMatching,
                "ldi" => CongruenceDistance.LogitDifference,
                string other => throw new NotSupportedException(other),
                null => throw new NotSupportedException(),
            },
            DistanceWeight = objective ? (float)p.GetProperty("lambda").GetDouble() : 1,
            TopK = p.TryGetProperty("K", out JsonElement k) ? k.GetInt32() : 1,
            RankBy = p.TryGetProperty("rank", out JsonElement rank) && rank.GetString() == "new" ? RankBy.New : RankBy.Old,
            Power = p.TryGetProperty("p", out JsonElement power) ? (float)power.GetDouble() : 1,
            Margin = p.TryGetProperty("xi", out JsonElement xi) ? (float)xi.GetDouble() : 0,
            Temperature = p.TryGetProperty("tau", out JsonElement tau) ? (float)tau.GetDouble() : 1,
            TemperatureSquared = p.TryGetProperty("tau2", out JsonElement tau2) && tau2.GetBoolean(),
        };
        float[] gradient = new float[zNew.Length], perSample = new float[labels.Length];
        int[] argmaxNew = new int[labels.Length], argmaxOld = new int[labels.Length];
        CongruenceResult result = CongruenceLoss.Evaluate(zNew, zOld, labels, classes, options, gradient, perSample, argmaxNew, argmaxOld, device);

        JsonElement tolerance = c.GetProperty("tolerance").GetProperty("float32");
        double rtol = tolerance.GetProperty("rtol").GetDouble(), atol = tolerance.GetProperty("atol").GetDouble();
        void Close(double right, double actual, string what, double scale = 1)
            => Assert.True(Math.Abs(right - actual) <= (atol * scale) + (rtol * Math.Abs(right)), $"{name} {what} on {device}: {actual:R}, expected {right:R}");

        if (ce)
        {
            Close(expected.GetProperty("value").GetDouble(), result.Loss, "value");
            Close(expected.GetProperty("sum").GetDouble(), result.Loss * result.ValidRows, "sum");
            Tolerance.AssertClose(Golden.Array("losses", expected.GetProperty("per_sample")), perSample, rtol, atol, name);
        }
        else if (objective)
        {
            Close(expected.GetProperty("total").GetDouble(), result.Loss, "total");
            Close(expected.GetProperty("ce").GetDouble(), result.BaseLoss, "ce");
            Close(expected.GetProperty("focal").GetDouble(), result.WeightedDistance, "focal");
            Assert.Equal(Golden.Ints("losses", expected.GetProperty("argmax_old")), argmaxOld);
            Assert.Equal(Golden.Ints("losses", expected.GetProperty("argmax_new")), argmaxNew);
            FlipCounts flips = result.Flips;
            Assert.Equal(
                ["both_right", "both_wrong", "negative_flips", "positive_flips"],
                new[] { "both_right", "both_wrong", "negative_flips", "positive_flips" }.Where((k, i) =>
                    expected.GetProperty(k).GetInt64() == new[] { flips.BothRight, flips.BothWrong, flips.NegativeFlips, flips.PositiveFlips }[i]));
        }
        else
        {
            Close(expected.GetProperty("value_weighted").GetDouble(), result.WeightedDistance, "weighted");
            Close(expected.GetProperty("value_unweighted").GetDouble(), result.Distance, "unweighted");
            // Rows without weight: α = 1, β = 0.
            CongruenceLoss.Evaluate(zNew, zOld, labels, classes, options with { FocalBeta = 0 }, default, perSample, device: device);
            Tolerance.AssertClose(Golden.Array("losses", expected.GetProperty("per_sample")), perSample, rtol, atol, name);
            if (expected.TryGetProperty("value_weighted_tau2", out JsonElement squared))
            {
                // The absolute tolerance grows with the factor.
                CongruenceResult scaled = CongruenceLoss.Evaluate(zNew, zOld, labels, classes, options with { TemperatureSquared = true }, device: device);
                Close(squared.GetDouble(), scaled.WeightedDistance, "weighted τ²", options.Temperature * options.Temperature);
            }
        }
        Gradient(name, zNew, gradient, classes, p, expected, tolerance.GetProperty("gradient_relative_norm").GetDouble());
    }

    private static void Gradient(string name, float[] zNew, float[] gradient, int classes, JsonElement p, JsonElement expected, double tolerance)
    {
        int rows = p.GetProperty("gradient_rows").GetInt32();
        double[] right = Golden.Array("losses", expected.GetProperty("gradient"));
        double size = right.Max(Math.Abs);
        // A gradient that is zero up to fp64 rounding has no relative norm.
        if (size > 1e-12) Tolerance.AssertRelativeNorm(right, gradient.AsSpan(0, rows * classes), tolerance, name);
        double norm = 0, dot = 0, magnitude = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            norm += (double)gradient[i] * gradient[i];
            dot += (double)gradient[i] * zNew[i];
            magnitude += Math.Abs((double)gradient[i] * zNew[i]);
        }
        double rightNorm = expected.GetProperty("gradient_norm").GetDouble();
        Assert.Equal(rightNorm, Math.Sqrt(norm), (tolerance * rightNorm) + 1e-12);
        Assert.Equal(expected.GetProperty("gradient_dot_z_new").GetDouble(), dot, (tolerance * magnitude) + 1e-12);
    }

    private void Edges(JsonElement c)
    {
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected");
        float[] zOld = Golden.Floats("losses", inputs.GetProperty("z_old")), zNew = Golden.Floats("losses", inputs.GetProperty("z_new"));
        int[] labels = Golden.Ints("losses", inputs.GetProperty("labels"));
        foreach (ComputeDevice device in family.Devices)
        {
            var ce = new CongruenceOptions { Distance = CongruenceDistance.None, Reduction = LossReduction.Sum };
            var kl = new CongruenceOptions { Base = LabelLoss.None, Temperature = 2, FocalBeta = 0, Reduction = LossReduction.Sum };
            foreach ((string key, CongruenceOptions options) in new[]
            {
                ("ce", ce), ("kl_forward", kl), ("lm", kl with { Distance = CongruenceDistance.LogitMatching }),
            })
            {
                float[] gradient = new float[zNew.Length], perSample = new float[labels.Length];
                int[] argmax = new int[labels.Length];
                CongruenceResult result = CongruenceLoss.Evaluate(zNew, zOld, labels, 4, options, gradient, perSample, argmax, device: device);
                JsonElement[] values = [.. expected.GetProperty(key + "_per_sample").EnumerateArray()];
                for (int r = 0; r < labels.Length; r++)
                {
                    if (values[r].ValueKind != JsonValueKind.Null) Tolerance.AssertClose([Golden.Number(values[r])], [perSample[r]], 1e-5, 1e-6, $"{key} row {r}");
                    if (expected.GetProperty("argmax_new")[r].ValueKind != JsonValueKind.Null) Assert.Equal(expected.GetProperty("argmax_new")[r].GetInt32(), argmax[r]);
                    if (!expected.TryGetProperty(key + "_per_sample_gradient", out JsonElement rows) || rows[r].ValueKind == JsonValueKind.Null) continue;
                    for (int k = 0; k < 4; k++) Assert.Equal(rows[r][k].GetDouble(), gradient[(r * 4) + k], 1e-6);
                }
                Assert.True(result.UndefinedRows >= 1);
            }
        }
    }

    private void NothingValid(JsonElement c)
    {
        float[] zNew = [.. c.GetProperty("parameters").GetProperty("z_new").EnumerateArray().SelectMany(r => r.EnumerateArray()).Select(v => v.GetSingle())];
        var options = new CongruenceOptions { Distance = CongruenceDistance.None };
        foreach (ComputeDevice device in family.Devices)
        {
            float[] gradient = [1, 1, 1, 1, 1, 1, 1, 1];
            CongruenceResult mean = CongruenceLoss.Evaluate(zNew, [], [-100, -100], 4, options, gradient, device: device);
            Assert.Equal((double.NaN, 0L), (mean.Loss, mean.ValidRows));
            Assert.All(gradient, g => Assert.Equal(0f, g));
            Assert.Equal(0, CongruenceLoss.Evaluate(zNew, [], [-100, -100], 4, options with { Reduction = LossReduction.Sum }, device: device).Loss);
            Assert.Equal(double.NaN, CongruenceLoss.Evaluate([], [], [], 4, options, device: device).Loss);
            Assert.Equal(0, CongruenceLoss.Evaluate([], [], [], 4, options with { Reduction = LossReduction.Sum }, device: device).Loss);
        }
    }
}

public sealed class LossesGoldenTestsOnCpu() : LossesGoldenTests(KernelFamily.Cpu);

public sealed class LossesGoldenTestsOnGpu() : LossesGoldenTests(KernelFamily.Gpu);
