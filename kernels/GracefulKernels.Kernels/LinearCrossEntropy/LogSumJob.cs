using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>A cut of the classes, row after row: first what it adds to the rows' log-sum-exps; in the second look their gradient, in its place.</summary>
internal unsafe struct LogSumJob<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    public const int RowsPerChunk = 16;

    public int Rows;

    /// <summary>The first class of the cut, and how many there are.</summary>
    public int First, Classes;

    /// <summary>[rows × classes].</summary>
    public float* Logits;

    public int* Labels;
    public RowLogSum* Sums;
    public bool Smoothed;

    /// <summary>The second look.</summary>
    public bool IsGradient;

    /// <summary>What label smoothing adds to every class's gradient.</summary>
    public float Constant;

    public readonly void Execute(int chunk)
    {
        int row = chunk * RowsPerChunk, end = Math.Min(row + RowsPerChunk, Rows);
        for (; row < end; row++)
        {
            float* logits = Logits + ((long)row * Classes);
            int label = Labels[row] - First;
            bool isHere = (uint)label < (uint)Classes;
            if (IsGradient)
            {
                Gradient(logits, Sums[row].Max, Sums[row].Coefficient);
                if (isHere) logits[label] = Sums[row].AtLabel;
                continue;
            }
            if (Smoothed) Sums[row].Sum += SumOf(logits);
            if (isHere)
            {
                Sums[row].LabelLogit = logits[label];
                logits[label] = float.NegativeInfinity;
            }
            RowArgmax<TLanes, TDoubles>.Along(logits, Classes, out float max, out _);
            if (float.IsNegativeInfinity(max)) continue;
            Sums[row].Add<TLanes, TDoubles>(max, float.IsNaN(max) ? 0 : Exponentials(logits, max));
        }
    }

    /// <summary>Σ e^{z − max}, 1 at the maximum also where it is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly double Exponentials(float* logits, float max)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes shift = TLanes.Broadcast(max), sum = TLanes.Zero, nextSum = TLanes.Zero;
        int i = 0;
        for (; i + 32 <= Classes; i += 32)
        {
            TLanes z = TLanes.Load(logits + i), next = TLanes.Load(logits + i + 16);
            z = TLanes.WhereEqual(z, shift, TLanes.Zero, z - shift);
            next = TLanes.WhereEqual(next, shift, TLanes.Zero, next - shift);
            exp.Of(ref z, ref next);
            sum += z;
            nextSum += next;
        }
        for (; i < Classes; i += 16)
        {
            int count = Math.Min(16, Classes - i);
            TLanes z = TLanes.LoadPartial(logits + i, count);
            z = exp.Of(TLanes.WhereEqual(z, shift, TLanes.Zero, z - shift));
            sum += TLanes.Select(TLanes.FromBits((uint)((1 << count) - 1)), z, TLanes.Zero);
        }
        return TLanes.Sum(sum + nextSum);
    }

    /// <summary>Σ z in fp64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly double SumOf(float* logits)
    {
        TDoubles low = TDoubles.Broadcast(0), high = TDoubles.Broadcast(0);
        for (int i = 0; i < Classes; i += 16)
        {
            TLanes.Widen(TLanes.LoadPartial(logits + i, Math.Min(16, Classes - i)), out TDoubles first, out TDoubles second);
            low += first;
            high += second;
        }
        return TDoubles.Sum(low + high);
    }

    /// <summary><c>coefficient·e^{z − max} + constant</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Gradient(float* logits, float max, float coefficient)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes shift = TLanes.Broadcast(max), factor = TLanes.Broadcast(coefficient), constant = TLanes.Broadcast(Constant);
        int i = 0;
        for (; i + 32 <= Classes; i += 32)
        {
            TLanes z = TLanes.Load(logits + i), next = TLanes.Load(logits + i + 16);
            z = TLanes.WhereEqual(z, shift, TLanes.Zero, z - shift);
            next = TLanes.WhereEqual(next, shift, TLanes.Zero, next - shift);
            exp.Of(ref z, ref next);
            TLanes.Store(logits + i, TLanes.MultiplyAdd(z, factor, constant));
            TLanes.Store(logits + i + 16, TLanes.MultiplyAdd(next, factor, constant));
        }
        for (; i < Classes; i += 16)
        {
            int count = Math.Min(16, Classes - i);
            TLanes z = TLanes.LoadPartial(logits + i, count);
            z = exp.Of(TLanes.WhereEqual(z, shift, TLanes.Zero, z - shift));
            TLanes.StorePartial(logits + i, count, TLanes.MultiplyAdd(z, factor, constant));
        }
    }
}
