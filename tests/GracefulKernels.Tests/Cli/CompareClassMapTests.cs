using System.Text.Json;

namespace GracefulKernels.Tests;

public sealed class CompareClassMapTests
{
    // Old classes a, b, gone, c; new classes c, new, a, b.
    private static readonly int[] Map = [2, 3, -1, 0];

    [Fact]
    public void OldPredictionsAreReadInTheNewClasses()
    {
        using TemporaryFolder folder = new();
        int[] old = [0, 1, 2, 3, 3, -1, 0], now = [2, 3, 0, 0, 1, 2, 1], labels = [2, 3, 0, 0, 1, 2, 2];
        NpyFile.Write(folder.File("old.npy"), old, old.Length);
        NpyFile.Write(folder.File("new.npy"), now, now.Length);
        JsonElement report = Compare(folder, labels);
        FlipCounts expected = FlipCounts.FromPredictions([2, 3, -1, 0, 0, -1, 2], now, labels, 4);
        AssertCounts(expected, report);
        Assert.Equal((1, 3), (expected.NegativeFlips, expected.PositiveFlips));
        Assert.Equal(2, report.GetProperty("undefinedOld").GetInt64());
        Assert.Equal(4, report.GetProperty("perClass").GetArrayLength());
    }

    [Fact]
    public void LogitsOfOtherNumbersOfClassesAndTheLossOverWhatTheOldModelKnows()
    {
        using TemporaryFolder folder = new();
        const int OldClasses = 4, NewClasses = 5, Rows = 300;
        Random random = new(9);
        float[] old = [.. Enumerable.Range(0, Rows * OldClasses).Select(_ => 4 * random.NextSingle())], now = [.. Enumerable.Range(0, Rows * NewClasses).Select(_ => 4 * random.NextSingle())];
        int[] labels = [.. Enumerable.Range(0, Rows).Select(i => i % 20 == 0 ? -100 : random.Next(NewClasses))];
        NpyFile.Write(folder.File("old.npy"), old, Rows, OldClasses);
        NpyFile.Write(folder.File("new.npy"), now, Rows, NewClasses);
        JsonElement report = Compare(folder, labels);
        int[] before = new int[Rows], after = new int[Rows];
        double loss = 0;
        int known = 0;
        for (int i = 0; i < Rows; i++)
        {
            ReadOnlySpan<float> z = old.AsSpan(i * OldClasses, OldClasses);
            before[i] = Map[Predicted.Of(z)];
            after[i] = Predicted.Of<float>(now.AsSpan(i * NewClasses, NewClasses));
            int y = labels[i] == -100 ? -1 : Array.IndexOf(Map, labels[i]);
            if (y < 0) continue;
            double sum = 0;
            foreach (float v in z) sum += Math.Exp(v);
            loss += Math.Log(sum) - z[y];
            known++;
        }
        AssertCounts(FlipCounts.FromPredictions(before, after, labels, NewClasses), report);
        // Rows are computed in fp32.
        Assert.Equal(loss / known, report.GetProperty("oldCrossEntropy").GetDouble(), 5e-6 * loss / known);
    }

    [Fact]
    public void AMapThatDoesNotFitIsNamed()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("z3.npy"), new float[6], 2, 3);
        NpyFile.Write(folder.File("z4.npy"), new float[8], 2, 4);
        NpyFile.Write(folder.File("p.npy"), [0, 7], 2);
        NpyFile.Write(folder.File("y.npy"), [0, 1], 2);
        Fails("z4.npy", "z3.npy", "[0, 1]", "z4.npy: found logits of 4 classes; expected logits of 2 classes, as the class map has");
        Fails("z3.npy", "z4.npy", "[0, 0, 1]", "map.json: found a map that does not go with the 4 classes of", "newOfOld[1] and newOfOld[0] are both 0");
        Fails("z3.npy", "z4.npy", "[0, 4, 1]", "map.json: found a map", "newOfOld[1] is 4; expected 0 to 3");
        Fails("z3.npy", "p.npy", "[0, 1, 2]", "p.npy: found predictions; expected logits as in");
        Fails("p.npy", "p.npy", "[0, 1, 2]", "p.npy: found prediction 7 in row 1; expected less than 3, the classes of the class map");
        Fails("z3.npy", "z4.npy", "{}", "expected a JSON array of integers, the new class of each old one");
        Fails("z3.npy", "z4.npy", "[]", "map.json: found no classes");
        File.Delete(folder.File("map.json"));
        Fails("z3.npy", "z4.npy", null, "map.json: there is no such file; expected a JSON array of integers");
        Directory.CreateDirectory(folder.File("map.json"));
        Fails("z3.npy", "z4.npy", null, "map.json: found a folder; expected a JSON array of integers");

        void Fails(string old, string now, string? map, params string[] reasons)
        {
            if (map is not null) File.WriteAllText(folder.File("map.json"), map);
            (int code, string output, string error) = Tool.Run(
                "compare", "--old", folder.File(old), "--new", folder.File(now), "--labels", folder.File("y.npy"), "--class-map", folder.File("map.json"));
            Assert.Equal((1, ""), (code, output));
            Assert.All(reasons, reason => Tool.AssertOneLine(error, reason));
        }
    }

    private static JsonElement Compare(TemporaryFolder folder, int[] labels)
    {
        NpyFile.Write(folder.File("y.npy"), labels, labels.Length);
        File.WriteAllText(folder.File("map.json"), JsonSerializer.Serialize(Map));
        return CompareTests.Compare(folder, folder.File("old.npy"), folder.File("new.npy"), folder.File("y.npy"), "--class-map", folder.File("map.json"));
    }

    private static void AssertCounts(FlipCounts expected, JsonElement report)
    {
        Assert.Equal(
            (expected.BothRight, expected.BothWrong, expected.PositiveFlips, expected.NegativeFlips),
            (report.GetProperty("bothRight").GetInt64(), report.GetProperty("bothWrong").GetInt64(), report.GetProperty("positiveFlips").GetInt64(), report.GetProperty("negativeFlips").GetInt64()));
        Assert.Equal(expected.Churn, report.GetProperty("churn").GetDouble());
    }
}
