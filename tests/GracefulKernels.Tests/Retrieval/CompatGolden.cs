using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>The retrieval cases of the golden family <c>compat</c>.</summary>
internal static class CompatGolden
{
    private const string Family = "compat";

    public static JsonElement Case(string name)
        => Golden.Manifest(Family).GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    public static Embeddings Embeddings(JsonElement c, string input)
    {
        JsonElement entry = c.GetProperty("inputs").GetProperty(input);
        return new(Golden.Floats(Family, entry), Golden.Shape(Family, entry)[1]);
    }

    public static int[] Labels(JsonElement c, string input) => Golden.Ints(Family, c.GetProperty("inputs").GetProperty(input));

    public static int[] ExpectedInts(JsonElement entry) => entry.ValueKind == JsonValueKind.Object
        ? Golden.Ints(Family, entry)
        : [.. entry.EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(v => v.GetInt32())];

    public static double[] ExpectedNumbers(JsonElement entry) => entry.ValueKind == JsonValueKind.Object
        ? Golden.Array(Family, entry)
        : [.. entry.EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(Golden.Number)];

    /// <summary>The manifest's tolerances for fp32: recall up to one query, mAP 1e-5, pairs 3 or 1e-4 of them, thresholds 1e-5.</summary>
    public static void Check(JsonElement c, RetrievalResult result)
    {
        JsonElement e = c.GetProperty("expected");
        Assert.Equal(e.GetProperty("queries").GetInt32(), result.Queries);
        Assert.Equal(e.GetProperty("queries_with_a_match").GetInt32(), result.QueriesWithMatch);
        Assert.InRange(result.RecallCount(1) - e.GetProperty("recall_at_1_count").GetInt32(), -1, 1);
        Assert.InRange(result.RecallCount(5) - e.GetProperty("recall_at_5_count").GetInt32(), -1, 1);
        Assert.Equal(e.GetProperty("map").GetDouble(), result.MeanAveragePrecision, 1e-5);
        int i = 0;
        foreach (JsonElement far in e.GetProperty("tar_at_far").EnumerateArray())
        {
            VerificationPoint point = result.Verification[i++];
            Assert.Equal(far.GetProperty("far").GetDouble(), point.FalseAcceptRate);
            Assert.Equal(far.GetProperty("threshold").GetDouble(), point.Threshold, 1e-5);
            Assert.Equal(far.GetProperty("genuine_pairs").GetInt64(), point.GenuinePairs);
            Assert.Equal(far.GetProperty("impostor_pairs").GetInt64(), point.ImpostorPairs);
            Near(far.GetProperty("accepted_genuine").GetInt64(), point.AcceptedGenuine, point.GenuinePairs + point.ImpostorPairs);
            Near(far.GetProperty("accepted_impostors").GetInt64(), point.AcceptedImpostors, point.GenuinePairs + point.ImpostorPairs);
        }
    }

    private static void Near(long expected, long actual, long pairs) => Assert.InRange(actual - expected, -Math.Max(3, pairs / 10_000), Math.Max(3, pairs / 10_000));
}
