namespace GracefulKernels;

/// <summary>How a Gram matrix is computed.</summary>
public sealed record GramOptions
{
    /// <summary>Refuses more rows nC than this: the matrix takes 8(nC)² bytes and a solve (nC)³/3 multiply-adds. Default 10,000 (800 MB).</summary>
    public int MaxRows { get; init; } = 10_000;

    /// <summary>
    /// Bytes of device memory for rows of the Jacobian; those that do not fit are computed again for each pair of blocks. <see langword="null"/>: an eighth of the
    /// memory that the process may use, or a quarter of a GPU's. At least two samples are in memory.
    /// </summary>
    public long? RowBytes { get; init; }

    internal void Validate(string name)
    {
        if (MaxRows < 1) throw new ArgumentOutOfRangeException(name, MaxRows, $"MaxRows is {MaxRows}; expected at least 1.");
        if (RowBytes < 0) throw new ArgumentOutOfRangeException(name, RowBytes, $"RowBytes is {RowBytes}; expected at least 0.");
    }

    internal long BudgetOn(ComputeDevice device) => RowBytes ?? (device.Info.MemoryBytes / (device.Info.IsGpu ? 4 : 8));
}
