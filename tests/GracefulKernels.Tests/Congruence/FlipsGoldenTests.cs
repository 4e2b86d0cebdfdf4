using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>The golden family <c>flips</c>, every case.</summary>
public abstract class FlipsGoldenTests(KernelFamily family)
{
    [Fact]
    public void EveryCaseOfTheManifest()
    {
        int count = 0;
        foreach (JsonElement c in Golden.Manifest("flips").GetProperty("cases").EnumerateArray())
        {
            string name = c.GetProperty("name").GetString()!;
            if (name == "cifar10.pairwise") Pairwise(c);
            else if (name == "published.relative_nfr") Published(c);
            else if (name == "errors.label_out_of_range") Refused(c);
            else Counts(name, c);
            count++;
        }
        Assert.Equal(19, count);
    }

    private static int[] Ints(JsonElement e) => e.ValueKind == JsonValueKind.Array ? [.. e.EnumerateArray().Select(v => v.GetInt32())] : Golden.Ints("flips", e);

    private void Counts(string name, JsonElement c)
    {
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected");
        int classes = c.GetProperty("parameters").GetProperty("classes").GetInt32();
        int[] labels = Ints(inputs.GetProperty("labels"));
        FlipCounts flips;
        FlipCounts[] perClass;
        if (inputs.TryGetProperty("z_old", out JsonElement zOld))
        {
            float[] old = Golden.Floats("flips", zOld), updated = Golden.Floats("flips", inputs.GetProperty("z_new"));
            flips = FlipCounts.FromLogits(old, updated, labels, classes, device: family.Device);
            perClass = FlipCounts.PerClassFromLogits(old, updated, labels, classes, device: family.Device);
            int[] a = Ints(expected.GetProperty("prediction_old")), b = Ints(expected.GetProperty("prediction_new"));
            Assert.Equal(flips, FlipCounts.FromPredictions(a, b, labels, classes, device: family.Device));
            Assert.Equal(perClass, FlipCounts.PerClassFromPredictions(a, b, labels, classes, device: family.Device));
            // The same counts from the loss kernel.
            Assert.Equal(flips, CongruenceLoss.Evaluate(updated, old, labels, classes, device: family.Device).Flips);
        }
        else
        {
            int[] a, b;
            if (inputs.TryGetProperty("predictions", out JsonElement predictions))
            {
                int[] all = Golden.Ints("flips", predictions);
                int n = labels.Length, from = 0, to = n;
                if (inputs.TryGetProperty("columns", out JsonElement columns)) (from, to) = (columns[0].GetInt32(), columns[1].GetInt32());
                a = all.AsSpan((inputs.GetProperty("old_row").GetInt32() * n) + from, to - from).ToArray();
                b = all.AsSpan((inputs.GetProperty("new_row").GetInt32() * n) + from, to - from).ToArray();
                labels = labels[from..to];
            }
            else (a, b) = (Ints(inputs.GetProperty("old")), Ints(inputs.GetProperty("new")));
            flips = FlipCounts.FromPredictions(a, b, labels, classes, device: family.Device);
            perClass = FlipCounts.PerClassFromPredictions(a, b, labels, classes, device: family.Device);
        }

        Assert.Equal(
            (expected.GetProperty("n").GetInt64(), expected.GetProperty("both_right").GetInt64(), expected.GetProperty("both_wrong").GetInt64()),
            (flips.Samples, flips.BothRight, flips.BothWrong));
        Assert.Equal(
            (expected.GetProperty("negative_flips").GetInt64(), expected.GetProperty("positive_flips").GetInt64(), expected.GetProperty("differ").GetInt64()),
            (flips.NegativeFlips, flips.PositiveFlips, flips.Differ));
        Assert.Equal(labels.Length, expected.GetProperty("rows").GetInt32());
        foreach ((string key, double actual) in new[]
        {
            ("er_old", flips.OldErrorRate), ("er_new", flips.NewErrorRate), ("nfr", flips.NegativeFlipRate), ("pfr", flips.PositiveFlipRate),
            ("relative_nfr", flips.RelativeNegativeFlipRate), ("nfi", flips.NegativeFlipImpact), ("btc", flips.BackwardTrustCompatibility),
            ("bec", flips.BackwardErrorCompatibility), ("churn", flips.Churn),
        })
        {
            double right = Golden.Number(expected.GetProperty(key));
            Assert.True(double.IsNaN(right) ? double.IsNaN(actual) : Math.Abs(actual - right) <= 1e-12 * Math.Abs(right), $"{name} {key}: {actual:R}, expected {right:R}");
        }
        double p = expected.GetProperty("mcnemar_p").GetDouble();
        Assert.Equal(p, flips.McNemarP, 1e-9 * p);
        (double low, double high) = flips.NegativeFlipRateInterval;
        double rightLow = Golden.Number(expected.GetProperty("wilson_low")), rightHigh = Golden.Number(expected.GetProperty("wilson_high"));
        Assert.Equal(rightLow, low, 1e-12);
        Assert.Equal(rightHigh, high, 1e-12);

        Assert.Equal(Ints(expected.GetProperty("per_class_n")), perClass.Select(f => (int)f.Samples));
        Assert.Equal(Ints(expected.GetProperty("per_class_negative_flips")), perClass.Select(f => (int)f.NegativeFlips));
        Assert.Equal(Ints(expected.GetProperty("per_class_positive_flips")), perClass.Select(f => (int)f.PositiveFlips));
        Assert.Equal(expected.GetProperty("per_class_nfr").EnumerateArray().Select(Golden.Number), perClass.Select(f => f.NegativeFlipRate));
        Assert.Equal(flips, perClass.Aggregate(default(FlipCounts), (a, b) => a + b));
    }

    private void Pairwise(JsonElement c)
    {
        JsonElement expected = c.GetProperty("expected");
        int[] predictions = Golden.Ints("flips", c.GetProperty("inputs").GetProperty("predictions"));
        int[] labels = Golden.Ints("flips", c.GetProperty("inputs").GetProperty("labels"));
        double[] nfr = Golden.Array("flips", expected.GetProperty("nfr")), relative = Golden.Array("flips", expected.GetProperty("relative_nfr"));
        PairwiseFlips pairs = PairwiseFlips.FromPredictions(predictions, 4, labels, 10, device: family.Device);
        Assert.Equal((4, 10000L), (pairs.Models, pairs.Samples));
        for (int a = 0; a < 4; a++)
        {
            Assert.Equal(expected.GetProperty("correct")[a].GetInt64(), pairs.Right(a));
            for (int b = 0; b < 4; b++)
            {
                Assert.Equal(expected.GetProperty("negative_flips")[a][b].GetInt64(), pairs.NegativeFlips(a, b));
                Assert.Equal(expected.GetProperty("positive_flips")[a][b].GetInt64(), pairs.PositiveFlips(a, b));
                Assert.Equal(expected.GetProperty("differ")[a][b].GetInt64(), pairs.Differ(a, b));
                Assert.Equal(nfr[(a * 4) + b], pairs.NegativeFlipRate(a, b), 1e-12 * nfr[(a * 4) + b]);
                Assert.Equal(relative[(a * 4) + b], pairs.Pair(a, b).RelativeNegativeFlipRate, 1e-12 * relative[(a * 4) + b]);
            }
        }
    }

    /// <summary>The papers print rates only; counts of a million samples reproduce them.</summary>
    private static void Published(JsonElement c)
    {
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected");
        for (int i = 0; i < 4; i++)
        {
            const long N = 1_000_000;
            long oldWrong = (long)Math.Round(inputs.GetProperty("er_old")[i].GetDouble() / 100 * N);
            long newWrong = (long)Math.Round(inputs.GetProperty("er_new")[i].GetDouble() / 100 * N);
            long negative = (long)Math.Round(inputs.GetProperty("nfr")[i].GetDouble() / 100 * N);
            long bothWrong = newWrong - negative, positive = oldWrong - bothWrong;
            var flips = new FlipCounts(N - bothWrong - positive - negative, bothWrong, positive, negative, positive + negative, 0, 0);
            Assert.Equal(expected.GetProperty("relative_nfr")[i].GetDouble(), 100 * flips.RelativeNegativeFlipRate, 0.011);
            double full = expected.GetProperty("relative_nfr_full_precision")[i].GetDouble();
            Assert.Equal(full, 100 * flips.RelativeNegativeFlipRate, 1e-12 * full);
        }
    }

    private void Refused(JsonElement c)
    {
        JsonElement inputs = c.GetProperty("inputs");
        int[] labels = Ints(inputs.GetProperty("labels"));
        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(
            () => FlipCounts.FromPredictions(Ints(inputs.GetProperty("old")), Ints(inputs.GetProperty("new")), labels, 10, device: family.Device));
        Assert.Equal("labels", e.ParamName);
        Assert.Equal(12, e.ActualValue);
        Assert.StartsWith("labels[2] is 12; expected 0 to 9, or -100 for a row to leave out.", e.Message, StringComparison.Ordinal);
    }
}

public sealed class FlipsGoldenTestsOnCpu() : FlipsGoldenTests(KernelFamily.Cpu);

public sealed class FlipsGoldenTestsOnGpu() : FlipsGoldenTests(KernelFamily.Gpu);
