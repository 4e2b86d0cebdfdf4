namespace GracefulKernels.Tests;

/// <summary>Search and metrics against their definitions, on inputs whose scores are exact: ties, exclusion, NaN, several models at once.</summary>
public abstract class RetrievalTests(KernelFamily family)
{
    private static readonly double[] Rates = [0, 0.01, 0.1, 0.5, 1];

    /// <summary>Inner products of small whole numbers are exact in fp32: counts, ranks and thresholds must be those of the definitions.</summary>
    [Theory]
    [InlineData(7, 40, 3, false, Similarity.InnerProduct)]
    [InlineData(30, 130, 4, true, Similarity.InnerProduct)]
    [InlineData(1, 1, 2, false, Similarity.InnerProduct)]
    [InlineData(20, 90, 3, true, Similarity.Euclidean)]
    [InlineData(5, 300, 2, false, Similarity.Euclidean)]
    public void MetricsAreTheirDefinitions(int queries, int items, int width, bool excludes, Similarity similarity)
    {
        Embeddings q = Small(1, queries, width), x = Small(2, items, width);
        if (items > 1) x.Values[items / 2 * width] = float.NaN;
        int[] queryLabels = Labels(3, queries, 6), galleryLabels = Labels(4, items, 5);
        int[] exclude = excludes ? [.. Enumerable.Range(0, queries).Select(i => i % 3 == 0 ? -1 : i)] : [];
        double[,] scores = new double[queries, items];
        for (int a = 0; a < queries; a++)
        {
            for (int b = 0; b < items; b++) scores[a, b] = Score(q[a], x[b], similarity);
        }
        var expected = new RetrievalReference(scores, galleryLabels, queryLabels, exclude);
        using var gallery = new GallerySearch(x, similarity, family.Device);
        RetrievalResult result = RetrievalEvaluation.Run(gallery, galleryLabels, q, queryLabels, new() { FalseAcceptRates = Rates }, exclude);
        int[] all = [.. Enumerable.Range(0, queries)];
        Assert.Equal(all.Select(expected.FirstRank), result.FirstRanks);
        // A sum of at most R quotients in fp64, in the same order.
        for (int i = 0; i < queries; i++) Assert.Equal(expected.AveragePrecision(i), result.AveragePrecisions[i], 1e-14);
        int[] known = [.. all.Where(expected.HasMatch)];
        Assert.Equal(known.Length, result.QueriesWithMatch);
        Assert.Equal(known.Length == 0 ? double.NaN : known.Average(expected.AveragePrecision), result.MeanAveragePrecision, 1e-14);
        foreach (int k in new[] { 1, 2, 7, items, items + 9 }) Assert.Equal(known.Count(i => expected.FirstRank(i) >= 1 && expected.FirstRank(i) <= k), result.RecallCount(k));
        foreach (VerificationPoint point in result.Verification.Where(p => p.ImpostorPairs > 0))
        {
            (double threshold, long genuine, long impostors) = expected.Verify(point.FalseAcceptRate);
            Assert.Equal((genuine, impostors), (point.AcceptedGenuine, point.AcceptedImpostors));
            if (double.IsFinite(threshold)) Assert.Equal(similarity == Similarity.Euclidean ? Math.Sqrt(-threshold) : threshold, point.Threshold, 1e-12);
        }
    }

    /// <summary>Distances are those of fp64 rounded once, in their order, even where norms are large against them.</summary>
    [Fact]
    public void EuclideanDistancesAreExactAndOrdered()
    {
        const int Width = 5, Items = 700, K = 9;
        float[] near = RandomFloats.Uniform(1, Items * Width);
        Embeddings x = new([.. near.Select(v => 100 + v)], Width), q = new([.. near.Take(20 * Width).Select(v => 100 + v)], Width);
        using var gallery = new GallerySearch(x, Similarity.Euclidean, family.Device);
        SearchResult found = gallery.Search(q, K);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(i, found.Indices[i * K]);
            Assert.Equal(0f, found.Scores[i * K]);
            for (int j = 0; j < K; j++)
            {
                Assert.Equal((float)Math.Sqrt(-Score(q[i], x[found.Indices[(i * K) + j]], Similarity.Euclidean)), found.Scores[(i * K) + j]);
                if (j > 0) Assert.True(found.Scores[(i * K) + j] >= found.Scores[(i * K) + j - 1]);
            }
        }
    }

    /// <summary>Many models in one pass give each what it gets alone.</summary>
    [Fact]
    public void SeveralModelsAtOnce()
    {
        Embeddings x = Small(1, 500, 6);
        Embeddings[] models = [Small(2, 30, 6), new([], 6), Small(3, 7, 6)];
        int[] exclude = [.. Enumerable.Range(0, 37).Select(i => i * 3)];
        using var gallery = new GallerySearch(x, Similarity.Cosine, family.Device);
        SearchResult[] together = gallery.Search(models, 8, exclude);
        Assert.Equal([30, 0, 7], together.Select(r => r.Queries));
        SearchResult first = gallery.Search(models[0], 8, exclude.AsSpan(0, 30)), last = gallery.Search(models[2], 8, exclude.AsSpan(30));
        Assert.Equal(first.Indices, together[0].Indices);
        Assert.Equal(first.Scores, together[0].Scores);
        Assert.Equal(last.Indices, together[2].Indices);
        Assert.Equal(last.Scores, together[2].Scores);
    }

    /// <summary>math.md §6: an embedding of norm 0 scores 0 and is counted; ties go to the lowest index; a NaN finds nothing, is never found, and is counted.</summary>
    [Fact]
    public void ZeroNormAndNaN()
    {
        Embeddings x = new([1, 0, 0, 0, -1, 0, float.NaN, 1, 2, 0, 0, float.PositiveInfinity], 2), q = new([0, 0, 3, 0, 1, float.NaN], 2);
        using var gallery = new GallerySearch(x, Similarity.Cosine, family.Device);
        Assert.Equal((1, 2), (gallery.ZeroRows, gallery.NotFiniteRows));
        SearchResult found = gallery.Search(q, 5);
        Assert.Equal([0, 1, 2, 4, -1, 0, 4, 1, 2, -1, -1, -1, -1, -1, -1], found.Indices);
        Everywhere.AssertSame<float>(
            [0, 0, 0, 0, float.NaN, 1, 1, 0, -1, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN], [.. found.Scores], "scores");
        // Label 7 is only item 3, which cannot be found; the third query finds nothing at all.
        RetrievalResult result = RetrievalEvaluation.Run(gallery, [5, 5, 6, 7, 5, 6], q, [7, 5, 5], new() { FalsePositiveRates = [0, 1], FalseAcceptRates = [0.5] });
        Assert.Equal((1, 1, 1, 2), (result.ZeroQueries, result.NotFiniteQueries, result.ZeroGalleryRows, result.NotFiniteGalleryRows));
        Assert.Equal([0, 1, 0], result.FirstRanks);
        Assert.Equal([0.0, 1.0, 0.0], result.AveragePrecisions);
        Assert.Equal((1.0 / 3, 1.0 / 3), (result.Recall(1), result.MeanAveragePrecision));
        Assert.All(result.Identification, p => Assert.True(double.IsNaN(p.TruePositiveRate)));
        Assert.Equal(7, result.Verification[0].GenuinePairs);
    }

    [Fact]
    public void EmptyGalleryAndNoQueries()
    {
        Embeddings none = new([], 3), some = Small(1, 4, 3);
        using var empty = new GallerySearch(none, Similarity.Cosine, family.Device);
        Assert.All(empty.Search(some, 2).Indices, i => Assert.Equal(-1, i));
        RetrievalResult nothing = RetrievalEvaluation.Run(empty, [], some, [0, 0, 1, 1], new() { FalseAcceptRates = [0.1], FalsePositiveRates = [0.1] });
        Assert.Equal((4, 0), (nothing.Queries, nothing.QueriesWithMatch));
        Assert.True(double.IsNaN(nothing.Recall(1)) && double.IsNaN(nothing.MeanAveragePrecision) && double.IsNaN(nothing.Verification[0].TrueAcceptRate));
        Assert.Equal((0, 4), (nothing.Identification[0].Mated, nothing.Identification[0].NonMated));
        using var gallery = new GallerySearch(some, Similarity.Euclidean, family.Device);
        Assert.Equal(0, gallery.Search(none, 2).Queries);
        Assert.True(double.IsNaN(RetrievalEvaluation.Run(gallery, [0, 0, 1, 1], none, []).Recall(3)));
        Assert.All(gallery.Search(none, 2).CumulativeMatches([], [0, 0, 1, 1]), v => Assert.True(double.IsNaN(v)));
    }

    /// <summary>Several blocks of scores: progress rises to 1 over both passes, and no block is computed once the run is cancelled.</summary>
    [Fact]
    public void ProgressAndCancellationBetweenBlocks()
    {
        // 2²² scores a block: two queries.
        const int Items = 1 << 21;
        Embeddings x = new(new float[Items], 1), q = new([1, 2, 3, 4, 5], 1);
        int[] labels = new int[Items];
        Reports<double> all = new();
        using var gallery = new GallerySearch(x, Similarity.InnerProduct, family.Device);
        RetrievalEvaluation.Run(gallery, labels, q, [1, 1, 1, 1, 1], new() { FalseAcceptRates = [0.5] }, default, all);
        Assert.Equal([0.2, 0.4, 0.5, 0.7, 0.9, 1], all.All);
        using CancellationTokenSource source = new();
        Reports<double> some = new(part =>
        {
            if (part >= 0.5) source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(
            () => RetrievalEvaluation.Run(gallery, labels, q, [1, 1, 1, 1, 1], new() { FalseAcceptRates = [0.5] }, default, some, source.Token));
        Assert.Equal([0.2, 0.4, 0.5], some.All);
    }

    private static Embeddings Small(int seed, int rows, int width) => new(RandomFloats.Small(seed, (long)rows * width), width);

    private static int[] Labels(int seed, int count, int classes)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(classes))];
    }

    private static double Score(ReadOnlySpan<float> q, ReadOnlySpan<float> x, Similarity similarity)
    {
        double sum = 0;
        for (int j = 0; j < q.Length; j++) sum += similarity == Similarity.Euclidean ? -((double)q[j] - x[j]) * ((double)q[j] - x[j]) : (double)q[j] * x[j];
        return sum;
    }
}

public sealed class RetrievalTestsOnCpu() : RetrievalTests(KernelFamily.Cpu);

public sealed class RetrievalTestsOnGpu() : RetrievalTests(KernelFamily.Gpu);
