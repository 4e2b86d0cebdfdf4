namespace GracefulKernels.Kernels;

/// <summary>
/// The <paramref name="K"/> best of [Gallery × Width] for each of [Queries × Width], both row-major. Width and K are at least 1, K at most
/// <see cref="MostK"/>.
/// </summary>
internal readonly record struct TopKShape(int Queries, int Gallery, int Width, int K)
{
    public const int MostK = 2048;

    /// <summary>Elements from a query to the next; without gaps where nothing is said.</summary>
    public int LdQueries { get => field == 0 ? Width : field; init; }

    /// <summary>Elements from a row of the gallery to the next; without gaps where nothing is said.</summary>
    public int LdGallery { get => field == 0 ? Width : field; init; }
}

internal partial interface IKernels
{
    /// <summary>
    /// For each query q the k gallery rows x_j of the largest score <c>q·x_j + offset_j</c>, best first, the lowest index among equals. The gallery is
    /// streamed; the scores of all pairs never lie in memory together.
    /// </summary>
    /// <remarks>
    /// Equal rows with equal offsets have equal scores, wherever they lie. A score that is NaN or −∞ never enters; −0 is 0. Where fewer than k
    /// enter, the rest is index −1 and score NaN.
    /// </remarks>
    /// <param name="shape">Sizes.</param>
    /// <param name="queries">[queries × width].</param>
    /// <param name="gallery">[gallery × width].</param>
    /// <param name="offsets">[gallery], or empty for zeros: <c>−½‖x‖²</c> makes the order that of Euclidean distances.</param>
    /// <param name="excluded">[queries]: a gallery index that this query does not see, negative for none; or empty.</param>
    /// <param name="indices">[queries × k].</param>
    /// <param name="scores">[queries × k].</param>
    void TopK(
        in TopKShape shape, Block<float> queries, Block<float> gallery, Block<float> offsets, Block<int> excluded, Block<int> indices, Block<float> scores);
}
