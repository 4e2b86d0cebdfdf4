namespace GracefulKernels;

/// <summary>How a linearised network cuts its samples and what it keeps of them.</summary>
public sealed record LinearizedOptions
{
    /// <summary>Samples of one batch. Default 128.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Bytes of device memory for primal states (inputs of linear operators, masks, places of maxima). As many batches as fit are kept; the others are
    /// computed again in each sweep, with the same bits. <see langword="null"/>: a quarter of the memory that the process may use, or half of a GPU's.
    /// </summary>
    public long? CacheBytes { get; init; }

    internal long BudgetOn(ComputeDevice device) => CacheBytes ?? (device.Info.MemoryBytes / (device.Info.IsGpu ? 2 : 4));

    internal void Validate(string name)
    {
        if (BatchSize <= 0) throw new ArgumentOutOfRangeException(name, BatchSize, $"BatchSize is {BatchSize}; expected at least 1.");
        if (CacheBytes < 0) throw new ArgumentOutOfRangeException(name, CacheBytes, $"CacheBytes is {CacheBytes}; expected at least 0.");
    }
}
