using GracefulKernels.Kernels;

namespace GracefulKernels;

public sealed unsafe partial class GallerySearch
{
    /// <summary>The best k by inner product over anyone's memory, with all checks: what the static entries come to.</summary>
    /// <param name="k">1 to <see cref="MaximumK"/>.</param>
    /// <param name="queries">[queries × width].</param>
    /// <param name="gallery">[gallery × width].</param>
    /// <param name="offsets">[gallery] added to the scores, or empty.</param>
    /// <param name="exclude">[queries] gallery indices, negative for none, or empty.</param>
    /// <param name="indices">[queries × k] without gaps.</param>
    /// <param name="scores">[queries × k] without gaps.</param>
    /// <param name="device">Where.</param>
    internal static void TopK(
        int k,
        MatrixView<float> queries,
        MatrixView<float> gallery,
        Block<float> offsets,
        Block<int> exclude,
        MatrixView<int> indices,
        MatrixView<float> scores,
        ComputeDevice? device)
    {
        if (k is < 1 or > MaximumK) throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}; expected 1 to {MaximumK}.");
        if (gallery.Columns < 1) throw new ArgumentException($"gallery is [{gallery.Rows} × {gallery.Columns}]; expected at least one column.", nameof(gallery));
        Check.KernelSizes(gallery, nameof(gallery));
        Check.Shape(queries, queries.Rows, gallery.Columns, nameof(queries), "of the gallery's width");
        if (!offsets.IsEmpty) Check.Length(offsets, gallery.Rows, nameof(offsets), "one for each row of the gallery");
        if (!exclude.IsEmpty) Check.Length(exclude, queries.Rows, nameof(exclude), "one for each query");
        Check.Shape(indices, queries.Rows, k, nameof(indices), "queries × k");
        Check.Shape(scores, queries.Rows, k, nameof(scores), "queries × k");
        Check.NoGaps(indices, nameof(indices));
        Check.NoGaps(scores, nameof(scores));
        ReadOnlySpan<Extent> inputs = [queries.Extent, gallery.Extent, Extent.Of(offsets), Extent.Of(exclude)];
        ReadOnlySpan<string> names = [nameof(queries), nameof(gallery), nameof(offsets), nameof(exclude)];
        for (int i = 0; i < inputs.Length; i++)
        {
            Check.Apart(indices.Extent, inputs[i], nameof(indices), names[i]);
            Check.Apart(scores.Extent, inputs[i], nameof(scores), names[i]);
        }
        Check.Apart(indices.Extent, scores.Extent, nameof(indices), nameof(scores));
        for (int i = 0; i < exclude.Length; i++)
        {
            int excluded = exclude.Pointer[i];
            if (excluded >= gallery.Rows) throw new ArgumentOutOfRangeException(nameof(exclude), excluded, $"exclude[{i}] is {excluded}; the gallery has {gallery.Rows} items.");
        }
        TopK((device ?? ComputeDevice.Default).Kernels, k, queries, gallery, offsets, exclude, indices.Data, scores.Data);
    }
}
