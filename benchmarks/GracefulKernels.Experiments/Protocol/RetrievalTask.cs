using GracefulKernels.Experiments.Data;

namespace GracefulKernels.Experiments.Protocol;

/// <summary>Queries and a gallery of labelled images: an item of the query's class is a match.</summary>
/// <param name="Queries">What is searched by.</param>
/// <param name="Gallery">What is searched.</param>
internal sealed record RetrievalTask(LabelledImages Queries, LabelledImages Gallery)
{
    /// <summary>What a model makes of both.</summary>
    /// <param name="name">Of the model.</param>
    /// <param name="embed">Images to embeddings [n × width].</param>
    public ModelEmbeddings Embed(string name, Func<LabelledImages, float[]> embed)
    {
        float[] queries = embed(Queries), gallery = embed(Gallery);
        return new ModelEmbeddings(name, new Embeddings(queries, queries.Length / Queries.Count), new Embeddings(gallery, gallery.Length / Gallery.Count));
    }

    /// <inheritdoc cref="Embed(string, Func{LabelledImages, float[]})"/>
    public ModelEmbeddings Embed(string name, Network network) => Embed(name, images => network.Features(images.Images, images.Count));

    /// <summary>The queries of one model over the gallery of another, by cosine.</summary>
    public RetrievalScores Measure(ModelEmbeddings query, ModelEmbeddings gallery, ComputeDevice device)
    {
        using var search = new GallerySearch(gallery.Gallery!, Similarity.Cosine, device);
        RetrievalResult result = RetrievalEvaluation.Run(search, Gallery.Labels, query.Queries!.WithWidth(gallery.Gallery!.Width), Queries.Labels);
        return new RetrievalScores(100 * result.Recall(1), 100 * result.MeanAveragePrecision);
    }

    /// <summary>Consecutive images, the queries first.</summary>
    public static RetrievalTask Cut(LabelledImages images, int queries)
        => new(images.First(queries), images.Take([.. Enumerable.Range(queries, images.Count - queries)]));
}

/// <summary>How well queries find, in per cent.</summary>
/// <param name="Recall">recall@1.</param>
/// <param name="Precision">mAP.</param>
internal readonly record struct RetrievalScores(double Recall, double Precision);
