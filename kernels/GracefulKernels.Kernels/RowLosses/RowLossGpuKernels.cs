using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Rows that a group holds in registers: 8 classes a thread of the new and of the old logits, and their exponentials, so that global memory sees
/// each logit once and each gradient once. 1 to all threads of a group share a row.
/// </summary>
internal static class RowLossGpuKernels
{
    public static readonly GpuKernel<RowLossArguments> Any = new(Direct<AnyLoss, QuadAccess, SharedReduction, Group256>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<RowLossArguments> CrossEntropy = new(Direct<CrossEntropyLoss, QuadAccess, SharedReduction, Group256>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<RowLossArguments> Divergence = new(Direct<CrossEntropyAndDivergence, QuadAccess, SharedReduction, Group256>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<RowLossArguments> AnySingles = new(Direct<AnyLoss, SingleAccess, SharedReduction, Group256>);

    public static readonly GpuKernel<RowLossArguments> AnyLarge
        = new(Direct<AnyLoss, QuadAccess, SharedReduction, Group1024>, Group1024.Threads, KernelTraits.Vectors);

    public static readonly GpuKernel<RowLossArguments> AnySinglesLarge = new(Direct<AnyLoss, SingleAccess, SharedReduction, Group1024>, Group1024.Threads);

    public static readonly GpuKernel<RowLossArguments> AnyByShuffles
        = new(Direct<AnyLoss, QuadAccess, ShuffleReduction, Group256>, traits: KernelTraits.Vectors | KernelTraits.Shuffles);

    public static readonly GpuKernel<RowLossArguments> CrossEntropyByShuffles
        = new(Direct<CrossEntropyLoss, QuadAccess, ShuffleReduction, Group256>, traits: KernelTraits.Vectors | KernelTraits.Shuffles);

    public static readonly GpuKernel<RowLossArguments> DivergenceByShuffles
        = new(Direct<CrossEntropyAndDivergence, QuadAccess, ShuffleReduction, Group256>, traits: KernelTraits.Vectors | KernelTraits.Shuffles);

    public static readonly GpuKernel<RowLossArguments> AnySinglesByShuffles = new(Direct<AnyLoss, SingleAccess, ShuffleReduction, Group256>, traits: KernelTraits.Shuffles);

    public static readonly GpuKernel<RowLossArguments> AnyLargeByShuffles
        = new(Direct<AnyLoss, QuadAccess, ShuffleReduction, Group1024>, Group1024.Threads, KernelTraits.Vectors | KernelTraits.Shuffles);

    public static readonly GpuKernel<RowLossArguments> AnySinglesLargeByShuffles
        = new(Direct<AnyLoss, SingleAccess, ShuffleReduction, Group1024>, Group1024.Threads, KernelTraits.Shuffles);

    /// <summary>Classes that a thread holds.</summary>
    public const int ClassesPerThread = 8;

    private static void Direct<TLoss, TAccess, TReduction, TGroup>(RowLossArguments g)
        where TLoss : unmanaged, IRowLossParts
        where TAccess : unmanaged, IRowAccess
        where TReduction : unmanaged, IRowReduction
        where TGroup : unmanaged, IRowGroup
    {
        TGroup size = default;
        ArrayView<ulong> fold = SharedMemory.Allocate<ulong>(3 * size.Size);
        ArrayView<float> facts = SharedMemory.Allocate<float>(size.MostRows * RowLossGpuFinish.Count);
        int rows = size.Size >> g.Shift, slot = Group.IdxX >> g.Shift;
        long row = ((long)Grid.IdxX * rows) + slot;
        RowInRegisters<TAccess> held = new(g, Group.IdxX & ((1 << g.Shift) - 1));
        if (row < g.Rows)
        {
            held.New = held.Load(g.New, row * g.LdNew, g.Classes);
            if (g.Old.Length > 0) held.Old = held.Load(g.Old, row * g.LdOld, g.Classes);
        }
        held.Process<TLoss, TReduction>(g, fold, new RowLossGpuFinish(facts, rows), row, slot, rows, size.Size);
        if (row >= g.Rows || g.Gradient.Length == 0) return;
        held.Store(g.Gradient, row * g.LdGradient, g.Classes, held.New);
    }
}

/// <summary>How many threads a group has.</summary>
internal interface IRowGroup
{
    int Size { get; }

    /// <summary>Rows that a group may hold.</summary>
    int MostRows { get; }
}

/// <summary>Up to 2048 classes in registers.</summary>
internal struct Group256 : IRowGroup
{
    public const int Threads = 256;

    public readonly int Size => Threads;

    public readonly int MostRows => Threads;
}

/// <summary>Up to 8192 classes in registers.</summary>
internal struct Group1024 : IRowGroup
{
    public const int Threads = 1024;

    public readonly int Size => Threads;

    public readonly int MostRows => 2;
}
