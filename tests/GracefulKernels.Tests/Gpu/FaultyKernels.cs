using ILGPU;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Kernels with one fault each, which the audit must name. They are compiled, never run.</summary>
internal static class FaultyKernels
{
    public static readonly GpuKernel<Arguments> Sound = new(CopiesSingly);
    public static readonly GpuKernel<Arguments> IntLiterals = new(SelectsIntegers);
    public static readonly GpuKernel<Arguments> IntLiteralsAsDouble = new(SelectsIntegersAsDouble);
    public static readonly GpuKernel<Arguments> LocalArray = new(IndexesLocally);
    public static readonly GpuKernel<Arguments> FusedMultiplyAdd = new(CallsFusedMultiplyAdd);
    public static readonly GpuKernel<Arguments> FloatAtomic = new(AddsAtomically);
    public static readonly GpuKernel<Arguments> NoVectors = new(CopiesSingly, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> Shuffle = new(ShufflesWarp);
    public static readonly GpuKernel<Arguments> Divergence = new(LoopsUnequally);
    public static readonly GpuKernel<Arguments> GenericPointer = new(SelectsPointer);
    public static readonly GpuKernel<Arguments> Subgroup = new(AsksForLane);
    public static readonly GpuKernel<Arguments> GroupVote = new(Votes);

#pragma warning disable CS0649 // Nothing is ever launched with them.
    internal struct Arguments
    {
        public ArrayView<float> X, Y;
        public ArrayView<double> Doubles;
        public ArrayView<int> Counts;
    }
#pragma warning restore CS0649

    private static void CopiesSingly(Arguments g) => g.Y[Grid.GlobalLinearIndex] = g.X[Grid.GlobalLinearIndex];

    private static void SelectsIntegers(Arguments g)
    {
        float v = g.X[Grid.GlobalLinearIndex] > 0 ? 1 : 0;
        g.Y[Grid.GlobalLinearIndex] = v;
    }

    private static void SelectsIntegersAsDouble(Arguments g)
    {
        double v = g.X[Grid.GlobalLinearIndex] > 0 ? 1 : 0;
        g.Doubles[Grid.GlobalLinearIndex] = v;
    }

    private static void IndexesLocally(Arguments g)
    {
        float[] kept = new float[8];
        for (int k = 0; k < 8; k++) kept[k] = g.X[(Grid.GlobalLinearIndex * 8) + k];
        for (int k = 0; k < 8; k++) g.Y[(Grid.GlobalLinearIndex * 8) + k] = kept[g.Counts[k] & 7];
    }

    private static void CallsFusedMultiplyAdd(Arguments g) => g.Y[Grid.GlobalLinearIndex] = MathF.FusedMultiplyAdd(g.X[Grid.GlobalLinearIndex], 2f, 3f);

    private static void AddsAtomically(Arguments g) => Atomic.Add(ref g.Y[0], g.X[Grid.GlobalLinearIndex]);

    private static void ShufflesWarp(Arguments g) => g.Y[Grid.GlobalLinearIndex] = Warp.ShuffleDown(g.X[Grid.GlobalLinearIndex], 1);

    /// <summary>ILGPU takes the loop's condition for the same in all threads, which an atomic's result is not.</summary>
    private static void LoopsUnequally(Arguments g)
    {
        int end = Atomic.Add(ref g.Counts[0], 1);
        float sum = 0;
        for (int k = 0; k < end; k++) sum += g.X[k];
        g.Y[Grid.GlobalLinearIndex] = sum;
    }

    private static void SelectsPointer(Arguments g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(256);
        shared[Group.IdxX] = g.X[Group.IdxX];
        Group.Barrier();
        ArrayView<float> source = g.Counts[0] > 0 ? shared : g.X;
        g.Y[Group.IdxX] = source[255 - Group.IdxX];
    }

    private static void AsksForLane(Arguments g) => g.Y[Warp.LaneIdx] = 1f;

    private static void Votes(Arguments g) => g.Y[0] = Group.BarrierOr(g.X[Group.IdxX] > 0) ? 1f : 2f;
}
