using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>The influence losses of the golden family <c>compat</c> through the public entry, on every device.</summary>
public abstract class InfluenceGoldenTests(KernelFamily family)
{
    [Fact]
    public void EveryInfluenceCaseOfTheManifest()
    {
        int count = 0;
        foreach (JsonElement c in Golden.Manifest("compat").GetProperty("cases").EnumerateArray())
        {
            string name = c.GetProperty("name").GetString()!;
            if (!name.StartsWith("bct_", StringComparison.Ordinal)) continue;
            foreach (ComputeDevice device in family.Devices) Check(name, c, device);
            count++;
        }
        Assert.Equal(5, count);
    }

    private static void Check(string name, JsonElement c, ComputeDevice device)
    {
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected"), tolerance = c.GetProperty("tolerance").GetProperty("float32");
        float[] Input(string key) => Golden.Floats("compat", inputs.GetProperty(key));
        float[] e = Input("E");
        int[] labels = Golden.Ints("compat", inputs.GetProperty("labels")), oldLabels = [.. Golden.Ints("compat", inputs.GetProperty("labels_old")).Select(y => y < 0 ? -100 : y)];
        int[] own = Golden.Shape("compat", inputs.GetProperty("W_new")), old = Golden.Shape("compat", inputs.GetProperty("W_old"));
        float[] de = new float[e.Length], dw = new float[own[0] * own[1]], db = new float[own[0]], ownRows = new float[labels.Length], oldRows = new float[labels.Length];
        InfluenceResult result = InfluenceLoss.Evaluate(
            e,
            labels,
            oldLabels,
            new ClassifierHead(Input("W_new"), Input("b_new"), own[0], own[1]),
            new ClassifierHead(Input("W_old"), Input("b_old"), old[0], old[1]),
            new InfluenceOptions { Influence = (float)c.GetProperty("parameters").GetProperty("lambda").GetDouble() },
            de,
            dw,
            db,
            ownRows,
            oldRows,
            device);
        double rtol = tolerance.GetProperty("rtol").GetDouble(), norm = tolerance.GetProperty("gradient_relative_norm").GetDouble();
        string what = $"{name} on {device}";
        Assert.Equal((expected.GetProperty("n_own").GetInt64(), expected.GetProperty("n_influence").GetInt64()), (result.ValidRows, result.MappedRows));
        void Close(string key, double actual)
        {
            double right = expected.GetProperty(key).GetDouble();
            Assert.Equal(right, actual, rtol * Math.Abs(right));
        }
        Close("total", result.Loss);
        Close("own", result.Own);
        Close("influence", result.Influence);
        // A logit of some 64 products of size 10 is rounded by 1e-6, which a small loss feels.
        Tolerance.AssertClose(Golden.Array("compat", expected.GetProperty("own_per_sample")), ownRows, rtol, 5e-6, what);
        double[] influence = Golden.Array("compat", expected.GetProperty("influence_per_sample"));
        for (int i = 0; i < influence.Length; i++)
        {
            if (oldLabels[i] < 0) Assert.Equal(0f, oldRows[i]);
            else Assert.Equal(influence[i], oldRows[i], (rtol * influence[i]) + 5e-6);
        }
        Tolerance.AssertRelativeNorm(Golden.Array("compat", expected.GetProperty("d_embedding")), de, norm, what);
        Tolerance.AssertRelativeNorm(Golden.Array("compat", expected.GetProperty("d_weight")), dw, norm, what);
        Tolerance.AssertRelativeNorm(Golden.Array("compat", expected.GetProperty("d_bias")), db, norm, what);
    }
}

public sealed class InfluenceGoldenTestsOnCpu() : InfluenceGoldenTests(KernelFamily.Cpu);

public sealed class InfluenceGoldenTestsOnGpu() : InfluenceGoldenTests(KernelFamily.Gpu);
