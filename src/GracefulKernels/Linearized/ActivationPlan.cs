using System.Globalization;

namespace GracefulKernels;

/// <summary>
/// Where the primal states of a linearised network's batches are (inputs of linear operators, masks, places of maxima), and what that costs and saves. A sweep is one
/// JVP or one VJP over all samples.
/// </summary>
public sealed record ActivationPlan
{
    /// <summary>Memory for the primal state of one sample.</summary>
    public required long BytesPerSample { get; init; }

    /// <summary>Samples of a batch; the last may be smaller.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Batches whose state is in device memory.</summary>
    public required int BatchesInMemory { get; init; }

    /// <summary>Batches whose state is in a memory-mapped file.</summary>
    public required int BatchesMapped { get; init; }

    /// <summary>Batches that are computed again in each sweep.</summary>
    public required int BatchesRecomputed { get; init; }

    /// <summary>Bytes of the states in device memory.</summary>
    public required long BytesInMemory { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long BytesMapped { get; init; }

    /// <summary>Bytes that the states which are not kept would take.</summary>
    public required long BytesRecomputed { get; init; }

    /// <summary>
    /// The most device memory besides kept states and weights: the passes' workspaces, f0, and one state that the batches which are not in memory share (where the processor
    /// reads all of them from the file, in the first pass alone).
    /// </summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Seconds of primal recomputation that kept states save in each sweep, as measured in the first pass; what reading the file takes is not taken off.</summary>
    public required double SecondsSaved { get; init; }

    /// <summary>Seconds of primal recomputation in each sweep, as measured in the first pass.</summary>
    public required double SecondsRecomputed { get; init; }

    /// <summary>Why fewer states are in the file than <see cref="LinearizedOptions.SpillBytes"/> allows (the disk is full); null where all is well.</summary>
    public string? SpillProblem { get; init; }

    /// <summary>The plan in two lines; a third where there is a <see cref="SpillProblem"/>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"primal states: {Size(BytesPerSample)} a sample, batches of {BatchSize}: {BatchesInMemory} in memory ({Size(BytesInMemory)}), {BatchesMapped} in a file ({Size(BytesMapped)}), {BatchesRecomputed} computed again ({Size(BytesRecomputed)})\n"
            + $"kept states save {SecondsSaved:F2} of {SecondsSaved + SecondsRecomputed:F2} s of primal a sweep; workspace {Size(WorkspaceBytes)}{(SpillProblem is null ? "" : $"\nfile of states: {SpillProblem}")}");

    private static string Size(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB"),
    };
}
