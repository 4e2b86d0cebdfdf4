namespace GracefulKernels.Kernels;

/// <summary>Brings the lists of a query's stretches together.</summary>
internal unsafe struct TopKMerge : IJob
{
    private const int QueriesPerChunk = 16;

    public TopKShape Shape;
    public int Stretches;

    /// <summary>[queries × stretches × k] keys; 0 where a list has no more.</summary>
    public ulong* Lists;

    public int* Indices;
    public float* Scores;

    public readonly int Chunks => (Shape.Queries + QueriesPerChunk - 1) / QueriesPerChunk;

    public readonly void Execute(int chunk)
    {
        int first = chunk * QueriesPerChunk, end = Math.Min(first + QueriesPerChunk, Shape.Queries), length = Stretches * Shape.K;
        for (int query = first; query < end; query++)
        {
            ulong* keys = Lists + ((nint)query * length);
            int count = 0;
            for (int i = 0; i < length; i++)
            {
                if (keys[i] != 0) keys[count++] = keys[i];
            }
            if (count > Shape.K) TopKSelect.Largest(keys, count, Shape.K);
            count = Math.Min(count, Shape.K);
            TopKSelect.Sort(keys, count);
            TopKList.Store(keys, count, Shape.K, Indices + ((nint)query * Shape.K), Scores + ((nint)query * Shape.K));
        }
    }
}
