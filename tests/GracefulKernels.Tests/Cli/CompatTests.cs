using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;

namespace GracefulKernels.Tests;

/// <summary><c>graceful compat</c> on the golden embeddings, on made ones, and on what it refuses.</summary>
public sealed class CompatTests
{
    private static string File(string name) => Path.Combine(Golden.Folder("compat"), $"cifar.{name}.npy");

    [Fact]
    public void TheGoldenUpdate()
    {
        using TemporaryFolder folder = new();
        (int code, string output, string error) = Tool.Run(
            "compat", "--old-gallery", File("gallery_old"), "--old-queries", File("query_old"), "--new-queries", File("query_aligned"),
            "--best-queries", File("query_new"), "--best-gallery", File("gallery_new"), "--labels", File("labels_gallery"), "--query-labels", File("labels_query"),
            "--k", "1,5", "--far", "0.01,0.001", "--json", folder.File("r.json"), "--out", folder, "--gate", "recall@1");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("300 queries over 1,500 gallery items by cosine.", output);
        Assert.Contains("Compatible by recall@1, mAP, TAR@1e-2, TAR@1e-3; not by recall@5.", output);
        Assert.Contains("Gate: new/old > old/old by recall@1 holds.", output);
        JsonElement report = Read(folder.File("r.json")), golden = CompatGolden.Case("cifar.update_gain").GetProperty("expected");
        (string Name, string Golden)[] metrics =
            [("recall@1", "recall_at_1"), ("recall@5", "recall_at_5"), ("mAP", "map"), ("TAR@1e-2", "tar_at_far_0.01"), ("TAR@1e-3", "tar_at_far_0.001")];
        Assert.Equal(metrics.Select(m => m.Name), report.GetProperty("metrics").EnumerateArray().Select(m => m.GetProperty("name").GetString()));
        foreach ((string name, string key) in metrics)
        {
            JsonElement found = report.GetProperty("metrics").EnumerateArray().Single(m => m.GetProperty("name").GetString() == name), expected = golden.GetProperty(key);
            // As in the manifest: one query of 300 more or less, and gains to 0.01.
            Assert.Equal(expected.GetProperty("old_old").GetDouble(), found.GetProperty("oldOld").GetDouble(), 4e-3);
            Assert.Equal(expected.GetProperty("new_old").GetDouble(), found.GetProperty("newOld").GetDouble(), 4e-3);
            Assert.Equal(expected.GetProperty("new_new").GetDouble(), found.GetProperty("bestBest").GetDouble(), 4e-3);
            Assert.Equal(expected.GetProperty("criterion_new_old_better").GetBoolean(), found.GetProperty("compatible").GetBoolean());
            Assert.Equal(expected.GetProperty("update_gain").GetDouble(), found.GetProperty("updateGain").GetDouble(), 0.01);
            Assert.Equal(JsonValueKind.Null, found.GetProperty("newNew").ValueKind);
        }
        Assert.False(report.GetProperty("compatible").GetBoolean());
        Assert.Equal(6, report.GetProperty("pairs").GetArrayLength());
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], System.IO.File.ReadAllBytes(folder.File("compat.png"))[..4]);
        // Well-formed, nothing from elsewhere, and the numbers of the JSON.
        XDocument page = XDocument.Load(folder.File("report.html"));
        Assert.All(page.Descendants().Attributes().Where(a => a.Name == "src" || a.Name == "href"), a => Assert.StartsWith("data:image/png;base64,", a.Value));
        Assert.Contains(report.GetProperty("metrics").EnumerateArray().First().GetProperty("newOld").GetDouble().ToString("P2", CultureInfo.InvariantCulture), page.Root!.Value);
        Assert.Contains("Gate: new/old above old/old by recall@1", page.Root!.Value);
    }

    /// <summary>Three options are enough: the queries are the gallery's images.</summary>
    [Fact]
    public void TheShortestFormExcludesSelf()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("old"), [1f, 0, 0.9f, 0.1f, 0, 1, 0.2f, 1], 4, 2);
        NpyFile.Write(folder.File("new"), [1f, 0, 0, 1, 0, 1, 0.2f, 1], 4, 2);
        NpyFile.Write(folder.File("y"), [0, 0, 1, 1], 4);
        (int code, string output, string error) = Tool.Run(
            "compat", "--old-gallery", folder.File("old"), "--new-queries", folder.File("new"), "--labels", folder.File("y"), "--k", "1", "--far", "",
            "--json", folder.File("r.json"), "--gate", "recall@1");
        // Item 1 moved to the other class: the gate does not hold.
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "gate recall@1: not met");
        Assert.Contains("the queries are the gallery's images, none of which sees itself", output);
        Assert.Contains("does not hold", output);
        JsonElement metric = Read(folder.File("r.json")).GetProperty("metrics")[0];
        Assert.Equal((1, 0.75), (metric.GetProperty("oldOld").GetDouble(), metric.GetProperty("newOld").GetDouble()));
        Assert.Equal(0, metric.GetProperty("newNew").GetDouble());
        Assert.Equal(JsonValueKind.Null, metric.GetProperty("updateGain").ValueKind);
    }

    [Fact]
    public void WidthsDistancesAndOpenSets()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("old"), [0f, 0, 1, 0, 5, 5, 0, 0], 4, 2);
        NpyFile.Write(folder.File("new"), [0f, 0, 9, 1, 0.5f, 9, 9, 9, 9], 3, 3);
        NpyFile.Write(folder.File("y"), [0, 0, 1, 2], 4);
        NpyFile.Write(folder.File("qy"), [0, 0, 7], 3);
        string[] arguments =
        [
            "compat", "--old-gallery", folder.File("old"), "--new-queries", folder.File("new"), "--labels", folder.File("y"), "--query-labels", folder.File("qy"),
            "--metric", "l2", "--fpir", "0.5", "--json", folder.File("r.json"),
        ];
        (int code, _, string error) = Tool.Run(arguments);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, $"{folder.File("new")}: found embeddings [3 × 3]; expected 2 wide, as {folder.File("old")} [4 × 2] is. --fit-width");
        (code, string output, error) = Tool.Run([.. arguments, "--fit-width"]);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("by Euclidean distance", output);
        Assert.Contains("Queries without an item of their label in the gallery: 1;", output);
        Assert.Contains("not known without --old-queries", output);
        JsonElement pair = Read(folder.File("r.json")).GetProperty("pairs")[0];
        Assert.Equal(2, pair.GetProperty("queriesWithMatch").GetInt32());
        JsonElement point = pair.GetProperty("tpirAtFpir")[0];
        Assert.Equal((2, 1), (point.GetProperty("mated").GetInt32(), point.GetProperty("nonMated").GetInt32()));
        // The stranger's nearest item is (5, 5), √32 away; both others are nearer to an item of their own.
        Assert.Equal(Math.Sqrt(32), point.GetProperty("threshold").GetDouble(), 1e-6);
        Assert.Equal(1, point.GetProperty("tpir").GetDouble());
    }

    private static JsonElement Read(string path) => JsonDocument.Parse(System.IO.File.ReadAllText(path)).RootElement;
}
