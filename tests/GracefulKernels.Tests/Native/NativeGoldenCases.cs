using System.Runtime.InteropServices;
using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>Golden cases as golden.c reads them: numbers one behind the other, as C holds them.</summary>
internal static class NativeGoldenCases
{
    private const long Loss = 1, Flips = 2, Pairwise = 3, Covariance = 4, Search = 5, Linear = 6;

    /// <param name="mostElements">Cases with more logits, or more rows to search, are left out: memcheck is slow.</param>
    /// <returns>The number of cases.</returns>
    public static int Write(string path, int mostElements = int.MaxValue)
    {
        using var file = new BinaryWriter(File.Create(path));
        int cases = 0;
        foreach (JsonElement c in Golden.Manifest("losses").GetProperty("cases").EnumerateArray()) cases += WriteLoss(file, c, mostElements) ? 1 : 0;
        foreach (JsonElement c in Golden.Manifest("flips").GetProperty("cases").EnumerateArray()) cases += WriteFlips(file, c, mostElements) ? 1 : 0;
        foreach (JsonElement c in Golden.Manifest("kfac").GetProperty("cases").EnumerateArray()) cases += WriteCovariance(file, c, mostElements) ? 1 : 0;
        foreach (JsonElement c in Golden.Manifest("compat").GetProperty("cases").EnumerateArray()) cases += WriteSearchOrLinear(file, c, mostElements) ? 1 : 0;
        file.Write(0L);
        return cases;
    }

    private static bool WriteLoss(BinaryWriter file, JsonElement c, int mostElements)
    {
        string name = c.GetProperty("name").GetString()!;
        if (name.StartsWith("edges.", StringComparison.Ordinal)) return false;
        JsonElement inputs = c.GetProperty("inputs"), p = c.GetProperty("parameters"), expected = c.GetProperty("expected");
        int[] shape = Golden.Shape("losses", inputs.GetProperty("z_new"));
        if (shape[0] * shape[1] > mostElements) return false;
        bool objective = name.Contains(".pc.", StringComparison.Ordinal), ce = name.Contains(".ce.", StringComparison.Ordinal);
        file.Write(Loss);
        // gk_loss_options, in its order.
        foreach (int value in (int[])[objective || ce ? 1 : 0, ce ? 0 : Distance(p.GetProperty("D").GetString()!), 0, -100]) file.Write(value);
        file.Write(ce ? (float)p.GetProperty("smoothing").GetDouble() : 0f);
        file.Write(15f);
        file.Write(objective ? (float)p.GetProperty("lambda").GetDouble() : 1f);
        file.Write(Number(p, "tau", 1));
        file.Write(1f);
        file.Write(5f);
        file.Write(Number(p, "xi", 0));
        file.Write(Number(p, "p", 1));
        file.Write(p.TryGetProperty("tau2", out JsonElement squared) && squared.GetBoolean() ? 1 : 0);
        file.Write(p.TryGetProperty("K", out JsonElement k) ? k.GetInt32() : 1);
        file.Write(p.TryGetProperty("rank", out JsonElement rank) && rank.GetString() == "new" ? 1 : 0);
        file.Write(0);
        file.Write(0);
        file.Write((long)shape[0]);
        file.Write((long)shape[1]);
        Put(file, Golden.Floats("losses", inputs.GetProperty("z_new")));
        Put(file, Golden.Floats("losses", inputs.GetProperty("z_old")));
        Put(file, Golden.Ints("losses", inputs.GetProperty("labels")));
        JsonElement tolerance = c.GetProperty("tolerance").GetProperty("float32");
        file.Write(tolerance.GetProperty("rtol").GetDouble());
        file.Write(tolerance.GetProperty("atol").GetDouble());
        file.Write(ce ? expected.GetProperty("value").GetDouble() : objective ? expected.GetProperty("ce").GetDouble() : double.NaN);
        file.Write(ce || objective ? double.NaN : expected.GetProperty("value_unweighted").GetDouble());
        file.Write(ce ? double.NaN : expected.GetProperty(objective ? "focal" : "value_weighted").GetDouble());
        file.Write(p.GetProperty("gradient_rows").GetInt64());
        Put(file, Golden.Array("losses", expected.GetProperty("gradient")));
        file.Write(tolerance.GetProperty("gradient_relative_norm").GetDouble());
        return true;
    }

    private static bool WriteFlips(BinaryWriter file, JsonElement c, int mostElements)
    {
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected");
        if (c.GetProperty("name").GetString() == "cifar10.pairwise")
        {
            int[] predictions = Golden.Ints("flips", inputs.GetProperty("predictions")), labels = Golden.Ints("flips", inputs.GetProperty("labels"));
            if (predictions.Length > mostElements) return false;
            file.Write(Pairwise);
            file.Write((long)(predictions.Length / labels.Length));
            file.Write((long)labels.Length);
            Put(file, predictions);
            Put(file, labels);
            foreach (string table in (string[])["negative_flips", "differ"])
            {
                foreach (JsonElement count in expected.GetProperty(table).EnumerateArray().SelectMany(row => row.EnumerateArray())) file.Write(count.GetInt64());
            }
            return true;
        }
        if (!inputs.TryGetProperty("z_old", out JsonElement zOld)) return false;
        int[] shape = Golden.Shape("flips", zOld);
        if (shape[0] * shape[1] > mostElements) return false;
        file.Write(Flips);
        file.Write((long)shape[0]);
        file.Write((long)shape[1]);
        Put(file, Golden.Floats("flips", zOld));
        Put(file, Golden.Floats("flips", inputs.GetProperty("z_new")));
        foreach (JsonElement ints in (JsonElement[])[inputs.GetProperty("labels"), expected.GetProperty("prediction_old"), expected.GetProperty("prediction_new")])
        {
            Put(file, ints.ValueKind == JsonValueKind.Array ? [.. ints.EnumerateArray().Select(v => v.GetInt32())] : Golden.Ints("flips", ints));
        }
        foreach (string count in (string[])["both_right", "both_wrong", "positive_flips", "negative_flips", "differ"]) file.Write(expected.GetProperty(count).GetInt64());
        return true;
    }

    /// <summary>The factor A of a convolution: the mean of outer products of homogeneous patches (kernel 3 × 3 here), in the order of the kernels.</summary>
    private static bool WriteCovariance(BinaryWriter file, JsonElement c, int mostElements)
    {
        // Of the first convolution the images are the input.
        if (c.GetProperty("name").GetString() != "cnn.conv1" || !c.GetProperty("expected").TryGetProperty("A_kkc", out JsonElement factor)) return false;
        JsonElement x = c.GetProperty("inputs").GetProperty("x");
        int[] s = Golden.Shape("kfac", x);
        float[] nchw = Golden.Floats("kfac", x), images = new float[nchw.Length];
        if (images.Length > 4L * mostElements) return false;
        int pixels = s[2] * s[3];
        for (int i = 0; i < images.Length; i++)
        {
            int channel = i % s[1], pixel = i / s[1] % pixels, image = i / (s[1] * pixels);
            images[i] = nchw[(((image * s[1]) + channel) * pixels) + pixel];
        }
        double[] a = Golden.Array("kfac", factor);
        file.Write(Covariance);
        foreach (long value in (long[])[s[0], s[2], s[3], s[1], 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1]) file.Write(value);
        Put(file, images);
        // The last element is the number of positions over what the sum was divided by.
        file.Write(a[^1] / ((double)s[0] * pixels));
        file.Write(c.GetProperty("tolerance").GetProperty("float32").GetProperty("relative_norm").GetDouble());
        Put(file, a);
        return true;
    }

    private static bool WriteSearchOrLinear(BinaryWriter file, JsonElement c, int mostElements)
    {
        string name = c.GetProperty("name").GetString()!;
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected");
        if (name.StartsWith("bct_", StringComparison.Ordinal))
        {
            int[] e = Golden.Shape("compat", inputs.GetProperty("E")), w = Golden.Shape("compat", inputs.GetProperty("W_new"));
            if (e[0] * w[0] > mostElements) return false;
            file.Write(Linear);
            foreach (long size in (long[])[e[0], e[1], w[0]]) file.Write(size);
            foreach (string input in (string[])["E", "W_new", "b_new"]) Put(file, Golden.Floats("compat", inputs.GetProperty(input)));
            Put(file, Golden.Ints("compat", inputs.GetProperty("labels")));
            file.Write(expected.GetProperty("own").GetDouble());
            file.Write(c.GetProperty("tolerance").GetProperty("float32").GetProperty("rtol").GetDouble());
            Put(file, Golden.Array("compat", expected.GetProperty("own_per_sample")));
            return true;
        }
        if (name != "top10_50x5000") return false;
        int[] queries = Golden.Shape("compat", inputs.GetProperty("queries")), gallery = Golden.Shape("compat", inputs.GetProperty("gallery"));
        if (gallery[0] > mostElements) return false;
        file.Write(Search);
        foreach (long size in (long[])[queries[0], gallery[0], queries[1], 10]) file.Write(size);
        // The answers are cosines.
        Put(file, Normalized(Golden.Floats("compat", inputs.GetProperty("queries")), queries[1]));
        Put(file, Normalized(Golden.Floats("compat", inputs.GetProperty("gallery")), gallery[1]));
        Put(file, CompatGolden.ExpectedInts(expected.GetProperty("indices")));
        Put(file, CompatGolden.ExpectedNumbers(expected.GetProperty("scores")));
        return true;
    }

    private static int Distance(string name) => name switch
    {
        "kl_forward" => 1,
        "kl_reverse" => 2,
        "lm" => 3,
        "ldi" => 5,
        _ => throw new NotSupportedException(name),
    };

    private static float Number(JsonElement p, string name, float otherwise) => p.TryGetProperty(name, out JsonElement value) ? (float)value.GetDouble() : otherwise;

    private static float[] Normalized(float[] rows, int width)
    {
        float[] unit = new float[rows.Length];
        for (int first = 0; first < rows.Length; first += width)
        {
            double norm = Math.Sqrt(rows.AsSpan(first, width).ToArray().Sum(v => (double)v * v));
            for (int i = first; i < first + width; i++) unit[i] = (float)(rows[i] / norm);
        }
        return unit;
    }

    private static void Put<T>(BinaryWriter file, T[] values) where T : unmanaged => file.Write(MemoryMarshal.AsBytes<T>(values));
}
