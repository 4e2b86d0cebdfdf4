using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Rows of few classes that follow each other without gaps, in any number: the rows of a group are one run of memory, which all its threads copy to
/// shared memory and back in order. A thread's own classes there lie apart without harm.
/// </summary>
internal static class RowLossGpuNarrow
{
    public static readonly GpuKernel<RowLossArguments> Any = new(Staged<AnyLoss, SharedReduction>);
    public static readonly GpuKernel<RowLossArguments> CrossEntropy = new(Staged<CrossEntropyLoss, SharedReduction>);
    public static readonly GpuKernel<RowLossArguments> Divergence = new(Staged<CrossEntropyAndDivergence, SharedReduction>);
    public static readonly GpuKernel<RowLossArguments> AnyByShuffles = new(Staged<AnyLoss, ShuffleReduction>, traits: KernelTraits.Shuffles);
    public static readonly GpuKernel<RowLossArguments> CrossEntropyByShuffles = new(Staged<CrossEntropyLoss, ShuffleReduction>, traits: KernelTraits.Shuffles);
    public static readonly GpuKernel<RowLossArguments> DivergenceByShuffles = new(Staged<CrossEntropyAndDivergence, ShuffleReduction>, traits: KernelTraits.Shuffles);

    /// <summary>From here a row's own run is long enough.</summary>
    public const int MostClasses = 64;

    private static void Staged<TLoss, TReduction>(RowLossArguments g)
        where TLoss : unmanaged, IRowLossParts
        where TReduction : unmanaged, IRowReduction
    {
        ArrayView<ulong> fold = SharedMemory.Allocate<ulong>(3 * GpuKernels.GroupSize);
        ArrayView<float> facts = SharedMemory.Allocate<float>(GpuKernels.GroupSize * RowLossGpuFinish.Count);
        // As many threads share a row as it has eights of classes, so this is what the rows of a group hold at most.
        ArrayView<float> tile = SharedMemory.Allocate<float>(GpuKernels.GroupSize * RowLossGpuKernels.ClassesPerThread);
        int rows = GpuKernels.GroupSize >> g.Shift, thread = Group.IdxX, slot = thread >> g.Shift;
        long first = (long)Grid.IdxX * rows, start = first * g.Classes;
        int here = (int)IntrinsicMath.Min(rows, g.Rows - first), length = here * g.Classes;
        RowInRegisters<SingleAccess> held = new(g, thread & ((1 << g.Shift) - 1));
        for (int i = thread; i < length; i += GpuKernels.GroupSize) tile[i] = g.New[start + i];
        Group.Barrier();
        if (slot < here) held.New = held.Load(tile, slot * g.Classes, g.Classes);
        // The same barriers for every thread and every call: some compilers mistake those that only some calls meet.
        int lengthOld = g.Old.Length > 0 ? length : 0, lengthGradient = g.Gradient.Length > 0 ? length : 0;
        Group.Barrier();
        for (int i = thread; i < lengthOld; i += GpuKernels.GroupSize) tile[i] = g.Old[start + i];
        Group.Barrier();
        if (slot < here) held.Old = held.Load(tile, slot * g.Classes, g.Classes);
        held.Process<TLoss, TReduction>(g, fold, new RowLossGpuFinish(facts, rows), first + slot, slot, rows, GpuKernels.GroupSize);
        if (slot < here) held.Store(tile, slot * g.Classes, g.Classes, held.New);
        Group.Barrier();
        for (int i = thread; i < lengthGradient; i += GpuKernels.GroupSize) g.Gradient[start + i] = tile[i];
    }
}
