namespace GracefulKernels.Kernels;

/// <summary>
/// How queries and gallery are cut for threads. A result does not depend on it: a score is one chain of multiply-adds wherever it is computed, and the
/// best k of a query are one set.
/// </summary>
internal readonly struct TopKCut
{
    /// <summary>Elements of the queries of a chunk: half of a second-level cache.</summary>
    private const int PackedElements = 131_072;

    private const int MostQueries = 256;

    /// <summary>A stretch of the gallery has its own lists, which fill anew: it must be long beside that.</summary>
    private const int ShortestStretch = 2048;

    /// <summary>Keys in the lists of all stretches: 128 MB.</summary>
    private const long MostKeys = 1 << 24;

    private const int ChunksPerThread = 4;

    public TopKCut(in TopKShape shape, int threads)
    {
        int most = Math.Clamp(PackedElements / shape.Width / 32 * 32, 32, MostQueries);
        Groups = Ceiling(shape.Queries, most);
        QueriesPerGroup = Ceiling(Ceiling(shape.Queries, Groups), 16) * 16;
        Groups = Ceiling(shape.Queries, QueriesPerGroup);
        // Chunks of queries alone where threads get equally many.
        long stretches = Groups % threads == 0 ? 1 : Ceiling(ChunksPerThread * threads, Groups);
        stretches = Math.Min(stretches, shape.Gallery / ShortestStretch);
        stretches = Math.Min(stretches, MostKeys / ((long)shape.Queries * shape.K));
        Stretches = (int)Math.Max(1, stretches);
    }

    /// <summary>Groups of queries.</summary>
    public int Groups { get; }

    /// <summary>Queries of every group but the last: whole registers.</summary>
    public int QueriesPerGroup { get; }

    /// <summary>Stretches of the gallery, each with lists of its own where there are several.</summary>
    public int Stretches { get; }

    private static int Ceiling(int count, int size) => (count + size - 1) / size;
}
