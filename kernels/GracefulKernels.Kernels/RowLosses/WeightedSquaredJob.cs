using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Σ s·r² in fp64 and <c>scale·s∘r</c> over a run of elements: rows have no meaning here.</summary>
internal unsafe struct WeightedSquaredJob<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Elements in a chunk.</summary>
    public const int Chunk = 1 << 16;

    public long Elements;
    public float* Values;
    public float* Targets;
    public float* Weights;
    public float* Gradient;
    public float Scale;
    public double* Partials;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int chunk)
    {
        long start = (long)chunk * Chunk;
        int count = (int)Math.Min(Chunk, Elements - start);
        float* values = Values + start, targets = Targets + start;
        float* weights = Weights == null ? null : Weights + start, gradient = Gradient == null ? null : Gradient + start;
        TLanes scale = TLanes.Broadcast(Scale), one = TLanes.Broadcast(1f);
        TDoubles low = TDoubles.Zero, high = TDoubles.Zero;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            TLanes residual = TLanes.Load(values + i) - TLanes.Load(targets + i);
            TLanes weighted = weights == null ? residual : residual * TLanes.Load(weights + i);
            Add(residual, weighted, ref low, ref high);
            if (gradient != null) TLanes.Store(gradient + i, scale * weighted);
        }
        if (i < count)
        {
            TLanes residual = TLanes.LoadPartial(values + i, count - i) - TLanes.LoadPartial(targets + i, count - i);
            TLanes weighted = residual * (weights == null ? one : TLanes.LoadPartial(weights + i, count - i));
            Add(residual, weighted, ref low, ref high);
            if (gradient != null) TLanes.StorePartial(gradient + i, count - i, scale * weighted);
        }
        Partials[chunk] = TDoubles.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TLanes residual, TLanes weighted, ref TDoubles low, ref TDoubles high)
    {
        TLanes.Widen(residual, out TDoubles residualLow, out TDoubles residualHigh);
        TLanes.Widen(weighted, out TDoubles weightedLow, out TDoubles weightedHigh);
        low = TDoubles.MultiplyAdd(residualLow, weightedLow, low);
        high = TDoubles.MultiplyAdd(residualHigh, weightedHigh, high);
    }
}
