using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// One operation on a GPU set: turns blocks into views, launches kernels, and at its end brings back what was written to host memory.
/// Device blocks become views at no cost. A block over the host's memory (a caller's span) is staged: copied to the device before, and
/// back after.
/// </summary>
/// <remarks>Only one operation runs on a set at a time; one inside another shares its place.</remarks>
internal readonly ref struct GpuCall
{
    private readonly GpuKernels _set;
    private readonly int _firstStaged;

    internal GpuCall(GpuKernels set, int firstStaged)
    {
        _set = set;
        _firstStaged = firstStaged;
    }

    /// <summary>A block that the operation only reads. Empty blocks become views of length 0.</summary>
    public ArrayView<T> Read<T>(Block<T> block) where T : unmanaged => View(block, upload: true, download: false);

    /// <summary>A block that the operation reads and writes, or of which it writes only some elements (rows that lie apart).</summary>
    public ArrayView<T> Update<T>(Block<T> block) where T : unmanaged => View(block, upload: true, download: true);

    /// <summary>A block of which the operation writes every element and reads none.</summary>
    public ArrayView<T> Write<T>(Block<T> block) where T : unmanaged => View(block, upload: false, download: true);

    /// <summary>Scratch memory of this set: at least <paramref name="count"/> elements, not cleared, until the slot is asked for again.</summary>
    public ArrayView<T> Scratch<T>(GpuScratch slot, long count) where T : unmanaged => _set.ScratchView<T>(slot, count);

    /// <summary>As <see cref="Scratch"/>, for operations inside this one.</summary>
    public Block<T> ScratchBlock<T>(GpuScratch slot, long count) where T : unmanaged => _set.ScratchBlock<T>(slot, count);

    /// <summary>The block itself, or its copy on the device for operations inside this one: they would stage it each on its own.</summary>
    public Block<T> ReadBlock<T>(Block<T> block) where T : unmanaged => OnDevice(block, download: false);

    /// <summary>As <see cref="ReadBlock"/>, for a block that is written too.</summary>
    public Block<T> UpdateBlock<T>(Block<T> block) where T : unmanaged => OnDevice(block, download: true);

    /// <summary>Starts a kernel over <paramref name="groups"/> groups of its group size. Nothing happens for no groups.</summary>
    public void Launch<TArguments>(GpuKernel<TArguments> kernel, Index3D groups, in TArguments arguments) where TArguments : struct
        => _set.Launch(kernel, groups, arguments);

    public void Launch<TArguments>(GpuKernel<TArguments> kernel, int groups, in TArguments arguments) where TArguments : struct
        => _set.Launch(kernel, new Index3D(groups, 1, 1), arguments);

    /// <summary>Waits for the device and copies <paramref name="source"/> to the host.</summary>
    public void Fetch<T>(ArrayView<T> source, Span<T> destination) where T : unmanaged => _set.FetchView(source, destination);

    public void Dispose() => _set.EndCall(_firstStaged);

    private Block<T> OnDevice<T>(Block<T> block, bool download) where T : unmanaged
        => block.IsEmpty || block.Memory is not (null or HostMemory) ? block : _set.StageBlock(block, upload: true, download);

    private ArrayView<T> View<T>(Block<T> block, bool upload, bool download) where T : unmanaged
    {
        if (block.IsEmpty) return _set.Nothing<T>();
        if (block.Memory is null or HostMemory) return _set.Stage(block, upload, download);
        return _set.ViewOf(block);
    }
}

/// <summary>What device scratch memory is used for: one slot each, so that an operation inside another never shares one.</summary>
internal enum GpuScratch
{
    /// <summary>Partial sums of <see cref="GpuKernels.Dot"/> and other reductions to a number.</summary>
    Partials,

    /// <summary>What a reduction returns.</summary>
    Result,

    /// <summary>Partial products of an inner dimension that is cut into slices.</summary>
    Slices,

    /// <summary>fp32 sums of stretches on their way into fp64 sums.</summary>
    Stretches,

    /// <summary>Column sums of parts of the rows.</summary>
    ColumnParts,

    /// <summary>Blocks of a factorisation.</summary>
    Cholesky,

    /// <summary>Matrix, vectors and rotations of an eigendecomposition.</summary>
    Eigen,

    /// <summary>The pivot of a single factorisation.</summary>
    Pivots,

    /// <summary>Per-row terms of the row losses.</summary>
    RowTerms,

    /// <summary>The classes that LDI takes of each row.</summary>
    TopClasses,

    /// <summary>Counts of flips of parts of the rows.</summary>
    FlipCounts,

    /// <summary>The logits of a chunk of rows, and their gradient.</summary>
    Logits,

    /// <summary>Embeddings of these rows, and their gradient.</summary>
    LogitEmbeddings,

    /// <summary>Scores of queries with a block of the gallery.</summary>
    TopKScores,

    /// <summary>The queries' best so far, before and after a tile.</summary>
    TopKLists,

    Count,
}
