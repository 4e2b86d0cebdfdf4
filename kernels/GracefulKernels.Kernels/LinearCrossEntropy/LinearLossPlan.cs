namespace GracefulKernels.Kernels;

/// <summary>
/// How rows and classes are cut, by the shape alone. Up to some 30,000 classes a chunk has all of them and as many rows as keep its logits in the third-level cache: the softmax is taken in
/// place and both gradients follow while they are there. With more classes so few rows would be left that reading W costs more than multiplying with it; then
/// classes are cut too, in two looks: the first has each row's log-sum-exp, the second computes the logits again, and the gradients. That is a fourth product where there were three.
/// </summary>
internal readonly struct LinearLossPlan
{
    /// <summary>Logits of a chunk: 8 MB.</summary>
    public const int ChunkElements = 2_000_000;

    /// <summary>Rows of a chunk with all classes, at least.</summary>
    public const int LeastRows = 64;

    private const int MostRows = 4096;
    private const int RowsOfCutClasses = 1024;

    /// <summary>Elements of gathered embeddings: 4 MB; so many rows at least as amortise reading W.</summary>
    private const int GatheredElements = 1_000_000;

    public LinearLossPlan(int features, int classes, long validRows)
    {
        CutsClasses = ChunkElements / classes < LeastRows;
        int most = CutsClasses ? RowsOfCutClasses : Math.Min(ChunkElements / classes, MostRows);
        most = Math.Clamp(GatheredElements / Math.Max(features, 1), Math.Min(most, LeastRows), most);
        // Chunks of equal size rather than a short last one.
        long chunks = Math.Max(1, (validRows + most - 1) / most);
        Rows = (int)Math.Max(1, (validRows + chunks - 1) / chunks);
        Classes = CutsClasses ? Math.Min(classes, ChunkElements / Math.Max(Rows, LeastRows) & ~15) : classes;
    }

    /// <summary>Whether a chunk has only some of the classes.</summary>
    public bool CutsClasses { get; }

    /// <summary>Rows of a chunk.</summary>
    public int Rows { get; }

    /// <summary>Classes of a chunk.</summary>
    public int Classes { get; }
}
