namespace GracefulKernels;

/// <summary>How a linearised network cuts its samples and what it keeps of them.</summary>
public sealed record LinearizedOptions
{
    /// <summary>Samples of one batch. Default 128.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Bytes of device memory for primal states (inputs of linear operators, masks, places of maxima). As many batches as fit are kept; the others go to a file
    /// (<see cref="SpillBytes"/>) or are computed again in each sweep, with the same bits. <see langword="null"/>: a quarter of the memory that the process may use, or half of a GPU's.
    /// </summary>
    public long? CacheBytes { get; init; }

    /// <summary>
    /// Bytes of a file for the states of batches that do not fit into <see cref="CacheBytes"/>; it is read through a mapping, as far as the system's cache holds it at the
    /// speed of memory. Default 0: no file, since what a disk is good for only its owner knows. The file has no name and goes with the process. A disk that is full is no
    /// error: what has no room is computed again, and <see cref="ActivationPlan.SpillProblem"/> says why.
    /// </summary>
    public long SpillBytes { get; init; }

    /// <summary>The folder of the file; <see langword="null"/> for the system's folder of temporary files. Choose one on a disk: many of those are in memory.</summary>
    public string? SpillFolder { get; init; }

    /// <summary>Opens the file: folder and size in bytes.</summary>
    internal Func<string, long, SpillFile> CreateSpill { get; init; } = SpillFile.Create;

    internal long BudgetOn(ComputeDevice device) => CacheBytes ?? (device.Info.MemoryBytes / (device.Info.IsGpu ? 2 : 4));

    internal void Validate(string name)
    {
        if (BatchSize <= 0) throw new ArgumentOutOfRangeException(name, BatchSize, $"BatchSize is {BatchSize}; expected at least 1.");
        if (SpillBytes < 0) throw new ArgumentOutOfRangeException(name, SpillBytes, $"SpillBytes is {SpillBytes}; expected at least 0.");
        if (CacheBytes < 0) throw new ArgumentOutOfRangeException(name, CacheBytes, $"CacheBytes is {CacheBytes}; expected at least 0.");
    }
}
