namespace GracefulKernels.Kernels;

/// <summary>
/// How rows and classes are cut, by the shape alone. Up to some 43,000 classes a chunk has all of them and as many rows as keep its logits in the third-level cache: their
/// gradient takes their place, and both products with it follow while it is there. With more classes so few rows would be left that reading W costs more than multiplying with
/// it; then classes are cut too, in two looks: the first has each row's log-sum-exp, the second computes the logits again. That is a fourth product where there were three.
/// </summary>
internal readonly struct LinearLossPlan
{
    /// <summary>Rows of a chunk with all classes, at least.</summary>
    public const int LeastRows = 64;

    /// <summary>Logits of a chunk: 11 MB.</summary>
    private const int ChunkElements = 2_800_000;

    private const int MostRows = 4096;
    private const int RowsOfCutClasses = 1024;

    /// <summary>Elements of gathered embeddings, 4 MB; but so many rows as make up for reading W.</summary>
    private const int GatheredElements = 1_000_000;

    public LinearLossPlan(int features, int classes, long validRows)
    {
        CutsClasses = ChunkElements / classes < LeastRows;
        int most = CutsClasses ? RowsOfCutClasses : Math.Min(ChunkElements / classes, MostRows) & ~15;
        most = Math.Clamp(GatheredElements / features & ~15, LeastRows, most);
        // Chunks of equal size rather than a short last one.
        long chunks = Math.Max(1, (validRows + most - 1) / most);
        Rows = (int)((((validRows + chunks - 1) / chunks) + 15) & ~15L);
        Ld = Rows | 16;
        Classes = CutsClasses ? Math.Min(classes, ChunkElements / Ld & ~(LogSums.BlockClasses - 1)) : classes;
    }

    /// <summary>Whether a chunk has only some of the classes.</summary>
    public bool CutsClasses { get; }

    /// <summary>Rows of a chunk, a multiple of sixteen.</summary>
    public int Rows { get; }

    /// <summary>Elements from class to class of a chunk's logits: an odd number of cache lines, so that a row's logits spread over all sets.</summary>
    public int Ld { get; }

    /// <summary>Classes of a chunk.</summary>
    public int Classes { get; }
}
