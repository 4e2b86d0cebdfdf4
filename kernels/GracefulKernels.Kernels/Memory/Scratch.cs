namespace GracefulKernels.Kernels;

/// <summary>What a thread's scratch memory is used for. One slot each, so that an operation inside another never shares one.</summary>
internal enum ScratchSlot
{
    PackedA,
    PackedB,
    SharedB,
    PartialSums,
    PaddedImage,
    Covariance,
    SliceSums,
    PendingSums,
    Lags,
    LagPieces,
    Cholesky,
    Eigen,
    EigenMerge,
    EigenRows,
    EigenReflectors,
    RowLoss,
    Logits,
    GatheredRows,
    LogSums,
    BiasParts,
    Columns,
    Phases,
    TopK,
    TopKLists,
    Count,
}

/// <summary>
/// Scratch memory that belongs to a thread and grows once to the largest size asked for: kernels allocate nothing in a step, and
/// two threads that call the same kernel set never meet.
/// </summary>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static HostMemory?[]? _slots;

    /// <summary>Bytes that the calling thread's slots hold.</summary>
    public static long ByteLength => _slots?.Sum(memory => memory?.ByteLength ?? 0) ?? 0;

    /// <summary>At least <paramref name="count"/> elements, 64-byte aligned, not cleared, valid until the slot is asked for again.</summary>
    public static T* Get<T>(ScratchSlot slot, long count) where T : unmanaged
    {
        HostMemory?[] slots = _slots ??= new HostMemory?[(int)ScratchSlot.Count];
        long bytes = count * sizeof(T);
        HostMemory? memory = slots[(int)slot];
        if (memory is null || memory.ByteLength < bytes)
        {
            // Empty first: where the larger one cannot be had, the slot must not go on naming freed memory.
            slots[(int)slot] = null;
            memory?.Dispose();
            slots[(int)slot] = memory = new HostMemory(bytes);
        }
        return (T*)memory.BaseAddress;
    }
}
