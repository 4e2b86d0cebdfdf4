using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>Search and metrics against the golden fp64 answers, with the tolerances of their manifest.</summary>
public abstract class RetrievalGoldenTests(KernelFamily family)
{
    private static readonly RetrievalOptions Fars = new() { FalseAcceptRates = [0.01, 0.001] };

    [Theory]
    [InlineData("top10_50x5000")]
    [InlineData("top10_50x5000.k_beyond_gallery")]
    public void TopK(string name)
    {
        JsonElement c = CompatGolden.Case(name), expected = c.GetProperty("expected");
        int[] indices = CompatGolden.ExpectedInts(expected.GetProperty("indices"));
        double[] scores = CompatGolden.ExpectedNumbers(expected.GetProperty("scores"));
        foreach (ComputeDevice device in family.Devices)
        {
            using var gallery = new GallerySearch(CompatGolden.Embeddings(c, "gallery"), Similarity.Cosine, device);
            SearchResult result = gallery.Search(CompatGolden.Embeddings(c, "queries"), 10);
            Assert.Equal(indices, result.Indices);
            for (int i = 0; i < scores.Length; i++)
            {
                if (double.IsNaN(scores[i])) Assert.True(float.IsNaN(result.Scores[i]));
                else Assert.Equal(scores[i], result.Scores[i], 1e-6);
            }
        }
    }

    [Theory]
    [InlineData("cifar.old_old")]
    [InlineData("cifar.new_old")]
    [InlineData("cifar.aligned_old")]
    [InlineData("cifar.new_new")]
    public void Metrics(string name)
    {
        JsonElement c = CompatGolden.Case(name);
        int[] queryLabels = CompatGolden.Labels(c, "labels_query"), galleryLabels = CompatGolden.Labels(c, "labels_gallery");
        using var gallery = new GallerySearch(CompatGolden.Embeddings(c, "gallery"), Similarity.Cosine, family.Device);
        Embeddings queries = CompatGolden.Embeddings(c, "query");
        RetrievalResult result = RetrievalEvaluation.Run(gallery, galleryLabels, queries, queryLabels, Fars);
        CompatGolden.Check(c, result);
        // The same recall from the short list of a search.
        double[] matches = gallery.Search(queries, 5).CumulativeMatches(queryLabels, galleryLabels);
        for (int k = 1; k <= 5; k++) Assert.Equal(result.Recall(k), matches[k - 1]);
    }

    [Fact]
    public void AGalleryByItself()
    {
        JsonElement c = CompatGolden.Case("cifar.self");
        Embeddings all = CompatGolden.Embeddings(c, "query");
        var own = new Embeddings([.. Enumerable.Range(0, 200).SelectMany(r => all[r].ToArray())], all.Width);
        int[] labels = [.. CompatGolden.Labels(c, "labels_query").Take(200)], self = [.. Enumerable.Range(0, 200)];
        using var gallery = new GallerySearch(own, Similarity.Cosine, family.Device);
        RetrievalResult result = RetrievalEvaluation.Run(gallery, labels, own, labels, Fars, self);
        CompatGolden.Check(c, result);
        SearchResult found = gallery.Search(own, 5, self);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.NotEqual(i / 5, found.Indices[i]));
        Assert.Equal(result.Recall(5), found.CumulativeMatches(labels, labels)[4]);
    }

    [Fact]
    public void OpenSet()
    {
        JsonElement c = CompatGolden.Case("cifar.open_set");
        Embeddings items = CompatGolden.Embeddings(c, "gallery");
        int[] labels = CompatGolden.Labels(c, "labels_gallery");
        int[] missing = [.. c.GetProperty("parameters").GetProperty("missing_classes").EnumerateArray().Select(v => v.GetInt32())];
        int[] kept = [.. Enumerable.Range(0, items.Rows).Where(r => !missing.Contains(labels[r]))];
        using var gallery = new GallerySearch(new Embeddings([.. kept.SelectMany(r => items[r].ToArray())], items.Width), Similarity.Cosine, family.Device);
        var options = new RetrievalOptions { FalsePositiveRates = [.. c.GetProperty("parameters").GetProperty("fpirs").EnumerateArray().Select(v => v.GetDouble())] };
        RetrievalResult result = RetrievalEvaluation.Run(
            gallery, [.. kept.Select(r => labels[r])], CompatGolden.Embeddings(c, "query"), CompatGolden.Labels(c, "labels_query"), options);
        int i = 0;
        foreach (JsonElement expected in c.GetProperty("expected").GetProperty("tpir_at_fpir").EnumerateArray())
        {
            IdentificationPoint point = result.Identification[i++];
            Assert.Equal(expected.GetProperty("mated").GetInt64(), point.Mated);
            Assert.Equal(expected.GetProperty("non_mated").GetInt64(), point.NonMated);
            Assert.Equal(expected.GetProperty("threshold").GetDouble(), point.Threshold, 1e-5);
            Assert.Equal(expected.GetProperty("accepted_non_mated").GetInt64(), point.AcceptedNonMated);
            Assert.Equal(expected.GetProperty("tpir").GetDouble(), point.TruePositiveRate, 0.005);
        }
        Assert.Equal(2, i);
    }

    [Fact]
    public void UpdateGains()
    {
        JsonElement c = CompatGolden.Case("cifar.update_gain");
        Embeddings oldGallery = CompatGolden.Embeddings(c, "gallery_old"), newGallery = CompatGolden.Embeddings(c, "gallery_new");
        ModelEmbeddings[] models =
        [
            new("old", CompatGolden.Embeddings(c, "query_old"), oldGallery),
            new("aligned", CompatGolden.Embeddings(c, "query_aligned"), null),
            new("new", CompatGolden.Embeddings(c, "query_new"), newGallery),
        ];
        CompatibilityMatrix matrix = CompatibilityMatrix.Evaluate(
            models, CompatGolden.Labels(c, "labels_query"), CompatGolden.Labels(c, "labels_gallery"), Similarity.Cosine, Fars, device: family.Device);
        (string, RetrievalMetric)[] metrics =
        [
            ("recall_at_1", RetrievalMetric.RecallAt(1)),
            ("recall_at_5", RetrievalMetric.RecallAt(5)),
            ("map", RetrievalMetric.MeanAveragePrecision),
            ("tar_at_far_0.01", RetrievalMetric.TrueAcceptAt(0.01, 0)),
            ("tar_at_far_0.001", RetrievalMetric.TrueAcceptAt(0.001, 1)),
        ];
        foreach ((string name, RetrievalMetric metric) in metrics)
        {
            JsonElement e = c.GetProperty("expected").GetProperty(name);
            double[,] values = matrix.Values(metric);
            Assert.Equal(e.GetProperty("old_old").GetDouble(), values[0, 0], 1e-3);
            Assert.Equal(e.GetProperty("new_old").GetDouble(), values[1, 0], 1e-3);
            Assert.Equal(e.GetProperty("new_new").GetDouble(), values[2, 2], 1e-3);
            Assert.True(double.IsNaN(values[0, 1]));
            Assert.Equal(e.GetProperty("criterion_new_old_better").GetBoolean(), matrix.BeatsGalleryModel(metric, query: 1, gallery: 0));
            Assert.Equal(e.GetProperty("update_gain").GetDouble(), matrix.Gain(metric, old: 0, updated: 1, best: 2), 0.01);
        }
        Assert.Null(matrix.BeatsQueryModel(metrics[0].Item2, query: 1, gallery: 0));
        Assert.False(matrix.BeatsQueryModel(metrics[0].Item2, query: 2, gallery: 0));
    }
}

public sealed class RetrievalGoldenTestsOnCpu() : RetrievalGoldenTests(KernelFamily.Cpu);

public sealed class RetrievalGoldenTestsOnGpu() : RetrievalGoldenTests(KernelFamily.Gpu);
