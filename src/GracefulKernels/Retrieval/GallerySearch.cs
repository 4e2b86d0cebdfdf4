using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A gallery, prepared once and searched by any number of queries, of one model or of many (math: the compatibility of embeddings is measured by
/// searching the old gallery with new queries, Shen et al. 2020).
/// </summary>
/// <remarks>
/// Scores are fp32 products over the width, computed tile by tile and thrown away: memory is that of the gallery, the queries and the results. Results
/// are the same bits on every instruction set and for any number of threads; a GPU's scores differ within the same error bound. An embedding of norm 0
/// has the cosine 0 with everything; one with a NaN or an infinity finds nothing and is never found. Both are counted.
/// </remarks>
public sealed unsafe partial class GallerySearch : IDisposable
{
    /// <summary>Largest k of a search.</summary>
    public const int MaximumK = TopKShape.MostK;

    private readonly IKernels _kernels;
    private readonly float[] _offsets;
    private readonly DeviceMemory? _onDevice;

    /// <param name="gallery">The gallery; copied.</param>
    /// <param name="similarity">What is near.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="OutOfMemoryException">The device has no room for the gallery.</exception>
    public GallerySearch(Embeddings gallery, Similarity similarity = Similarity.Cosine, ComputeDevice? device = null)
    {
        ArgumentNullException.ThrowIfNull(gallery);
        if (!Enum.IsDefined(similarity)) throw new ArgumentOutOfRangeException(nameof(similarity), similarity, "Not a similarity.");
        _kernels = (device ?? ComputeDevice.Default).Kernels;
        Similarity = similarity;
        Gallery = PreparedRows.Of([gallery], similarity);
        // ‖q − x‖² = ‖q‖² − 2·(q·x − ½‖x‖²): the nearest has the largest bracket.
        _offsets = similarity == Similarity.Euclidean ? [.. Gallery.Squares.Select(s => (float)(-0.5 * s))] : [];
        if (_kernels is not GpuKernels || Gallery.Values.Length == 0) return;
        _onDevice = _kernels.Allocate((long)Gallery.Values.Length * sizeof(float));
        _kernels.Upload<float>(Gallery.Values, _onDevice.AsBlock<float>().Slice(0, Gallery.Values.Length));
    }

    /// <summary>What is near.</summary>
    public Similarity Similarity { get; }

    /// <summary>Items of the gallery.</summary>
    public int Rows => Gallery.Rows;

    /// <summary>Elements of an embedding.</summary>
    public int Width => Gallery.Width;

    /// <summary>Gallery items of norm 0.</summary>
    public int ZeroRows => Gallery.Zero;

    /// <summary>Gallery items with a NaN or an infinity, which are never found.</summary>
    public int NotFiniteRows => Gallery.NotFinite;

    internal PreparedRows Gallery { get; }

    internal IKernels Kernels => _kernels;

    internal ReadOnlySpan<float> Offsets => _offsets;

    /// <summary>The best k items of each query.</summary>
    /// <param name="queries">Queries of the gallery's width.</param>
    /// <param name="k">1 to <see cref="MaximumK"/>; more than the gallery has is padded.</param>
    /// <param name="exclude">[queries]: a gallery index that this query does not see, negative for none; or empty. Where the gallery is searched by itself, 0, 1, 2 and so on.</param>
    /// <exception cref="ArgumentException">The queries have another width (<see cref="Embeddings.WithWidth"/> makes them fit), or <paramref name="exclude"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is out of range, or <paramref name="exclude"/> names an item that the gallery does not have.</exception>
    public SearchResult Search(Embeddings queries, int k, ReadOnlySpan<int> exclude = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        return Search([queries], k, exclude)[0];
    }

    /// <summary>The best k items of each query of several models, in one pass over the gallery.</summary>
    /// <param name="models">The queries of each model, all of the gallery's width.</param>
    /// <param name="k">1 to <see cref="MaximumK"/>.</param>
    /// <param name="exclude">As for one model, behind one another for all queries of all models; or empty.</param>
    /// <returns>A result for each model.</returns>
    /// <exception cref="ArgumentException">As for one model.</exception>
    /// <exception cref="ArgumentOutOfRangeException">As for one model.</exception>
    public SearchResult[] Search(ReadOnlySpan<Embeddings> models, int k, ReadOnlySpan<int> exclude = default)
    {
        if (models.IsEmpty) return [];
        foreach (Embeddings model in models) CheckQueries(model, nameof(models));
        if (k is < 1 or > MaximumK) throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}; expected 1 to {MaximumK}.");
        long all = 0;
        foreach (Embeddings model in models) all += model.Rows;
        CheckExcluded(exclude, all);
        PreparedRows queries = PreparedRows.Of(models, Similarity);
        int[] indices = new int[checked(all * k)];
        float[] scores = new float[indices.Length];
        TopK(queries, k, exclude, indices, scores);
        if (Similarity == Similarity.Euclidean) Distances.Refine(queries, Gallery, k, indices, scores);
        var results = new SearchResult[models.Length];
        int first = 0;
        for (int m = 0; m < results.Length; m++)
        {
            int rows = models[m].Rows;
            results[m] = new SearchResult(
                rows, k, indices.AsSpan(first * k, rows * k).ToArray(), scores.AsSpan(first * k, rows * k).ToArray(), exclude.IsEmpty ? [] : exclude.Slice(first, rows).ToArray());
            first += rows;
        }
        return results;
    }

    /// <summary>Gives the device's copy of the gallery back.</summary>
    public void Dispose() => _onDevice?.Dispose();

    internal void CheckQueries(Embeddings queries, string name)
    {
        ArgumentNullException.ThrowIfNull(queries, name);
        if (queries.Width != Width)
        {
            throw new ArgumentException($"{name} is [{queries.Rows} × {queries.Width}]; the gallery is [{Rows} × {Width}]. Embeddings.WithWidth makes widths fit.", name);
        }
    }

    internal void CheckExcluded(ReadOnlySpan<int> exclude, long queries)
    {
        if (exclude.IsEmpty) return;
        if (exclude.Length != queries) throw new ArgumentException($"exclude is [{exclude.Length}]; expected [{queries}] (one for each query).", nameof(exclude));
        for (int i = 0; i < exclude.Length; i++)
        {
            if (exclude[i] >= Rows) throw new ArgumentOutOfRangeException(nameof(exclude), exclude[i], $"exclude[{i}] is {exclude[i]}; the gallery has {Rows} items.");
        }
    }

    /// <summary>The gallery on the device, or where it lies: <paramref name="pinned"/>.</summary>
    internal Block<float> GalleryBlock(float* pinned) => _onDevice?.AsBlock<float>().Slice(0, Gallery.Values.Length) ?? new Block<float>(pinned, Gallery.Values.Length);

    private void TopK(PreparedRows queries, int k, ReadOnlySpan<int> exclude, int[] indices, float[] scores)
    {
        fixed (float* q = queries.Values, x = Gallery.Values, c = _offsets, s = scores)
        fixed (int* e = exclude, i = indices)
        {
            TopK(
                _kernels,
                k,
                new MatrixView<float>(new Block<float>(q, queries.Values.Length), queries.Rows, Width, Width),
                new MatrixView<float>(GalleryBlock(x), Rows, Width, Width),
                new Block<float>(c, _offsets.Length),
                new Block<int>(e, exclude.Length),
                new Block<int>(i, indices.Length),
                new Block<float>(s, scores.Length));
        }
    }

    /// <summary>The kernel; sizes have been checked.</summary>
    private static void TopK(
        IKernels kernels, int k, MatrixView<float> queries, MatrixView<float> gallery, Block<float> offsets, Block<int> exclude, Block<int> indices, Block<float> scores)
        => kernels.TopK(
            new TopKShape((int)queries.Rows, (int)gallery.Rows, (int)gallery.Columns, k) { LdQueries = (int)queries.Ld, LdGallery = (int)gallery.Ld },
            queries.Data,
            gallery.Data,
            offsets,
            exclude,
            indices,
            scores);
}
