using System.Numerics.Tensors;

namespace GracefulKernels;

public sealed unsafe partial class GallerySearch
{
    /// <summary>
    /// The gallery rows of the largest <c>q·x + offset</c> for each query, best first, over tensor spans, which may lie in anyone's memory (a memory map with it): the gallery is neither copied nor prepared.
    /// </summary>
    /// <remarks>
    /// Rows of unit length give cosines; <c>offset = −½‖x‖²</c> gives the order of Euclidean distances. Ties go to the lower index. A score that is NaN or −∞ is never found. Scores are fp32 products with the
    /// error bound of a matrix product; the bits are the same on every instruction set and for any number of threads. Nothing is allocated after the first call of a size.
    /// </remarks>
    /// <param name="queries">[queries × width], columns next to each other; rows may have gaps.</param>
    /// <param name="gallery">[gallery × width], the same.</param>
    /// <param name="indices">[queries × k] without gaps: gallery rows, −1 where there are no more. k is from 1 to <see cref="MaximumK"/>.</param>
    /// <param name="scores">[queries × k] without gaps: their scores, NaN where there are no more.</param>
    /// <param name="offsets">[gallery] added to the scores, or the default for none.</param>
    /// <param name="exclude">[queries]: a gallery row that this query does not see, negative for none; or the default.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A shape or a stride does not fit (lengths and strides are named), or an output overlaps anything else.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is out of range, <paramref name="exclude"/> names a row that the gallery does not have, or a size is above 2³¹ − 1.</exception>
    public static void TopK(
        in ReadOnlyTensorSpan<float> queries,
        in ReadOnlyTensorSpan<float> gallery,
        in TensorSpan<int> indices,
        in TensorSpan<float> scores,
        in ReadOnlyTensorSpan<float> offsets = default,
        in ReadOnlyTensorSpan<int> exclude = default,
        ComputeDevice? device = null)
    {
        fixed (float* q = queries, x = gallery, s = scores, o = offsets)
        fixed (int* i = indices, e = exclude)
        {
            MatrixView<int> found = TensorViews.Matrix<int>(indices, i, nameof(indices));
            TopK(
                (int)Math.Min(found.Columns, int.MaxValue),
                TensorViews.Matrix(queries, q, nameof(queries)),
                TensorViews.Matrix(gallery, x, nameof(gallery)),
                TensorViews.Vector(offsets, o, nameof(offsets)),
                TensorViews.Vector(exclude, e, nameof(exclude)),
                found,
                TensorViews.Matrix<float>(scores, s, nameof(scores)),
                device);
        }
    }
}
