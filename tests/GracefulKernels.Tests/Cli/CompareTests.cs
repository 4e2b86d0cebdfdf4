using System.Text.Json;

namespace GracefulKernels.Tests;

public sealed class CompareTests
{
    private static readonly string[] Keys =
    [
        "samples", "bothRight", "bothWrong", "positiveFlips", "negativeFlips", "nfr", "pfr", "relativeNfr",
        "nfi", "btc", "bec", "churn", "mcnemarP", "nfrInterval",
    ];

    [Fact]
    public void EveryGoldenCaseOfTwoModels()
    {
        int logits = 0, predictions = 0;
        foreach (JsonElement golden in Golden.Manifest("flips").GetProperty("cases").EnumerateArray())
        {
            JsonElement inputs = golden.GetProperty("inputs"), expected = golden.GetProperty("expected");
            if (!expected.TryGetProperty("both_right", out _)) continue;
            using TemporaryFolder folder = new();
            if (inputs.TryGetProperty("z_old", out JsonElement zOld))
            {
                logits++;
                string Whole(JsonElement e) => Path.Combine(Golden.Folder("flips"), e.GetProperty("file").GetString()!);
                JsonElement report = Compare(folder, Whole(zOld), Whole(inputs.GetProperty("z_new")), Whole(inputs.GetProperty("labels")));
                AssertFigures(expected, report);
                AssertClasses(expected, report, expected.GetProperty("per_class_n").GetArrayLength());
            }
            else
            {
                predictions++;
                (int[] old, int[] now, int[] labels) = Predictions(inputs);
                NpyFile.Write(folder.File("old.npy"), old, old.Length);
                NpyFile.Write(folder.File("new.npy"), now, now.Length);
                NpyFile.Write(folder.File("labels.npy"), labels, labels.Length);
                JsonElement report = Compare(folder, folder.File("old.npy"), folder.File("new.npy"), folder.File("labels.npy"));
                AssertFigures(expected, report);
                // Predictions say nothing of classes that neither they nor the labels name.
                int classes = Math.Max(1, old.Concat(now).Concat(labels.Where(y => y != -100)).Append(-1).Max() + 1);
                AssertClasses(expected, report, classes);
            }
        }
        Assert.True(logits >= 3 && predictions >= 10, $"{logits} of logits, {predictions} of predictions");
    }

    [Fact]
    public void TheRealUpdateFrom20To56Layers()
    {
        using TemporaryFolder folder = new();
        string old = Golden.Data("cifar10-logits/test_resnet20_logits.npy"), now = Golden.Data("cifar10-logits/test_resnet56_logits.npy");
        string labels = Golden.Data("cifar10-logits/test_labels.npy");
        JsonElement report = Compare(folder, old, now, labels);
        Assert.Equal(249, report.GetProperty("negativeFlips").GetInt64());
        Assert.Equal(415, report.GetProperty("positiveFlips").GetInt64());
        // Known to five digits.
        Assert.Equal(0.37266, report.GetProperty("oldCrossEntropy").GetDouble(), 5e-6);
        Assert.Equal(0.34583, report.GetProperty("newCrossEntropy").GetDouble(), 5e-6);
        string first = File.ReadAllText(folder.File("r.json"));
        Compare(folder, old, now, labels, "--simd", "scalar", "--threads", "1");
        Assert.Equal(first, File.ReadAllText(folder.File("r.json")));
    }

    [Fact]
    public void BlocksAddUpToTheWhole()
    {
        using TemporaryFolder folder = new();
        // Six blocks and a rest: 4 MiB hold 524 rows of two models of 1000 classes.
        const int Rows = 3300, Classes = 1000;
        Random random = new(7);
        float[] old = Logits(), now = Logits();
        now[5 * Classes] = float.NaN;
        int[] labels = [.. Enumerable.Range(0, Rows).Select(i => i % 50 == 0 ? -1 : i % 5)];
        NpyFile.Write(folder.File("old"), old, Rows, Classes);
        NpyFile.Write(folder.File("new"), now, Rows, Classes);
        NpyFile.Write(folder.File("labels"), labels, Rows);
        JsonElement report = Compare(folder, folder.File("old"), folder.File("new"), folder.File("labels"), "--ignore-index", "-1");
        FlipCounts whole = FlipCounts.FromLogits(old, now, labels, Classes, -1);
        Assert.True(whole is { NegativeFlips: > 0, PositiveFlips: > 0, BothRight: > 0 });
        Assert.Equal(whole.Samples, report.GetProperty("samples").GetInt64());
        Assert.Equal(whole.NegativeFlips, report.GetProperty("negativeFlips").GetInt64());
        Assert.Equal(whole.PositiveFlips, report.GetProperty("positiveFlips").GetInt64());
        Assert.Equal(whole.BothRight, report.GetProperty("bothRight").GetInt64());
        Assert.Equal(whole.Churn, report.GetProperty("churn").GetDouble());
        Assert.Equal(1, report.GetProperty("undefinedNew").GetInt64());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("newCrossEntropy").ValueKind);
        CongruenceSums loss = new(Classes, new() { Distance = CongruenceDistance.None, IgnoreIndex = -1 });
        loss.Add(old, [], labels);
        Assert.Equal(BitConverter.DoubleToInt64Bits(loss.Loss), BitConverter.DoubleToInt64Bits(report.GetProperty("oldCrossEntropy").GetDouble()));
        Assert.Equal(whole.NegativeFlips, report.GetProperty("perClass").EnumerateArray().Sum(c => c.GetProperty("negativeFlips").GetInt64()));

        float[] Logits()
        {
            float[] z = new float[Rows * Classes];
            for (int i = 0; i < Rows; i++)
            {
                for (int c = 0; c < 10; c++) z[(i * Classes) + c] = random.NextSingle() + (c == i % 5 ? 0.5f : 0);
            }
            return z;
        }
    }

    [Fact]
    public void PairsGiveTheGoldenMatrix()
    {
        JsonElement golden = Golden.Manifest("flips").GetProperty("cases")[0];
        JsonElement expected = golden.GetProperty("expected");
        int[] predictions = Golden.Ints("flips", golden.GetProperty("inputs").GetProperty("predictions"));
        string[] models = [.. golden.GetProperty("parameters").GetProperty("models").EnumerateArray().Select(m => m.GetString()!)];
        using TemporaryFolder folder = new();
        int rows = predictions.Length / models.Length;
        for (int m = 0; m < models.Length; m++) NpyFile.Write(folder.File($"test_{models[m]}_p.npy"), predictions.AsSpan(m * rows, rows), rows);
        (int code, string output, string error) = Tool.Run(
            ["compare", "--labels", Path.Combine(Golden.Folder("flips"), "cifar10.labels.npy"), "--json", folder.File("r.json"), "--out", folder.File("out"),
                "--pairs", .. models.Select(m => folder.File($"test_{m}_p.npy"))]);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("resnet20", output);
        Assert.Equal(["nfr-matrix.png", "report.html"], Directory.GetFiles(folder.File("out")).Select(f => Path.GetFileName(f)).Order());
        JsonElement report = JsonDocument.Parse(File.ReadAllText(folder.File("r.json"))).RootElement;
        Assert.Equal(models, report.GetProperty("models").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal(expected.GetProperty("correct").GetRawText().Where(char.IsDigit), report.GetProperty("correct").GetRawText().Where(char.IsDigit));
        double[] nfr = Golden.Array("flips", expected.GetProperty("nfr")), relative = Golden.Array("flips", expected.GetProperty("relative_nfr"));
        for (int a = 0; a < models.Length; a++)
        {
            for (int b = 0; b < models.Length; b++)
            {
                Assert.Equal(expected.GetProperty("negative_flips")[a][b].GetInt64(), report.GetProperty("negativeFlips")[a][b].GetInt64());
                // Quotients of the same integers, in another order of operations.
                Assert.Equal(nfr[(a * models.Length) + b], report.GetProperty("nfr")[a][b].GetDouble(), 1e-15);
                Assert.Equal(relative[(a * models.Length) + b], report.GetProperty("relativeNfr")[a][b].GetDouble(), 1e-14);
            }
        }
    }

    [Fact]
    public void PairsOfLogitsAgreeWithTwoModels()
    {
        using TemporaryFolder folder = new();
        string old = Golden.Data("cifar10-logits/test_resnet20_logits.npy"), now = Golden.Data("cifar10-logits/test_resnet56_logits.npy");
        (int code, string output, _) = Tool.Run("compare", "--labels", Golden.Data("cifar10-logits/test_labels.npy"), "--pairs", old, now, "--json", "-");
        Assert.Equal(0, code);
        JsonElement flips = JsonDocument.Parse(output).RootElement.GetProperty("negativeFlips");
        Assert.Equal((249, 415), (flips[0][1].GetInt64(), flips[1][0].GetInt64()));
    }

    internal static JsonElement Compare(TemporaryFolder folder, string old, string now, string labels, params string[] more)
    {
        (int code, string output, string error) = Tool.Run(
            ["compare", "--old", old, "--new", now, "--labels", labels, "--json", folder.File("r.json"), .. more]);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("McNemar p", output);
        return JsonDocument.Parse(File.ReadAllText(folder.File("r.json"))).RootElement;
    }

    private static void AssertFigures(JsonElement expected, JsonElement report)
    {
        Assert.Equal(Keys, report.EnumerateObject().Take(Keys.Length).Select(p => p.Name));
        foreach ((string key, string golden) in (ReadOnlySpan<(string, string)>)[
            ("samples", "n"), ("bothRight", "both_right"), ("bothWrong", "both_wrong"),
            ("positiveFlips", "positive_flips"), ("negativeFlips", "negative_flips")])
        {
            Assert.Equal(expected.GetProperty(golden).GetInt64(), report.GetProperty(key).GetInt64());
        }
        foreach ((string key, string golden) in (ReadOnlySpan<(string, string)>)[
            ("nfr", "nfr"), ("pfr", "pfr"), ("relativeNfr", "relative_nfr"), ("nfi", "nfi"), ("btc", "btc"), ("bec", "bec"), ("churn", "churn")])
        {
            AssertNumber(expected.GetProperty(golden), report.GetProperty(key), 1e-12);
        }
        // Asserted where there is a test to make; the manifest gives its tolerance.
        if (report.GetProperty("samples").GetInt64() > 0) AssertNumber(expected.GetProperty("mcnemar_p"), report.GetProperty("mcnemarP"), 1e-9);
        Assert.Equal(2, report.GetProperty("nfrInterval").GetArrayLength());
        AssertNumber(expected.GetProperty("wilson_low"), report.GetProperty("nfrInterval")[0], 1e-12, 1e-12);
        AssertNumber(expected.GetProperty("wilson_high"), report.GetProperty("nfrInterval")[1], 1e-12, 1e-12);
    }

    private static void AssertClasses(JsonElement expected, JsonElement report, int classes)
    {
        JsonElement perClass = report.GetProperty("perClass");
        Assert.Equal(classes, perClass.GetArrayLength());
        for (int c = 0; c < classes; c++)
        {
            Assert.Equal(c, perClass[c].GetProperty("class").GetInt32());
            Assert.Equal(expected.GetProperty("per_class_n")[c].GetInt64(), perClass[c].GetProperty("samples").GetInt64());
            Assert.Equal(expected.GetProperty("per_class_negative_flips")[c].GetInt64(), perClass[c].GetProperty("negativeFlips").GetInt64());
            Assert.Equal(expected.GetProperty("per_class_positive_flips")[c].GetInt64(), perClass[c].GetProperty("positiveFlips").GetInt64());
            AssertNumber(expected.GetProperty("per_class_nfr")[c], perClass[c].GetProperty("nfr"), 1e-12);
        }
    }

    private static void AssertNumber(JsonElement expected, JsonElement actual, double rtol, double atol = 0)
    {
        double value = Golden.Number(expected);
        if (double.IsNaN(value)) Assert.Equal(JsonValueKind.Null, actual.ValueKind);
        else Assert.True(Math.Abs(actual.GetDouble() - value) <= atol + (rtol * Math.Abs(value)), $"{actual}, expected {value:R}");
    }

    private static (int[] Old, int[] New, int[] Labels) Predictions(JsonElement inputs)
    {
        if (inputs.TryGetProperty("old", out JsonElement old)) return (List(old), List(inputs.GetProperty("new")), List(inputs.GetProperty("labels")));
        int[] all = Golden.Ints("flips", inputs.GetProperty("predictions")), labels = Golden.Ints("flips", inputs.GetProperty("labels"));
        int from = 0, to = labels.Length;
        if (inputs.TryGetProperty("columns", out JsonElement columns)) (from, to) = (columns[0].GetInt32(), columns[1].GetInt32());
        int[] Row(string name) => all[((inputs.GetProperty(name).GetInt32() * labels.Length) + from)..((inputs.GetProperty(name).GetInt32() * labels.Length) + to)];
        return (Row("old_row"), Row("new_row"), labels[from..to]);

        static int[] List(JsonElement e) => [.. e.EnumerateArray().Select(v => v.GetInt32())];
    }
}
