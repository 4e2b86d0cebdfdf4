using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>What <see cref="ClassBlocksJob{TLanes,TDoubles}"/> does with logits.</summary>
internal enum ClassBlocksPass
{
    /// <summary>Σ z of each row over a chunk's classes.</summary>
    Sum,

    /// <summary>Maxima and sums of exponentials of each block; <c>e^{z − max of the block}</c> takes the place of z.</summary>
    Exponentials,

    /// <summary>From these exponentials to the gradient.</summary>
    Normalize,

    /// <summary>From logits to the gradient, all else being known.</summary>
    Gradient,
}

/// <summary>
/// Passes over logits that lie class by class, [classes × ld], one row of the batch a lane: no sum crosses lanes but those of the bias. A block of classes and
/// some rows are one piece of work.
/// </summary>
internal unsafe struct ClassBlocksJob<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Rows that share a piece of work: with a block of classes, 64 KB.</summary>
    public const int RowsTogether = 256;

    public ClassBlocksPass Pass;
    public int Rows, Classes;
    public float* Logits;
    public LogSums Sums;

    /// <summary>[classes], to be added to the logits; or null.</summary>
    public float* Bias;

    /// <summary>What label smoothing adds to every class's gradient.</summary>
    public float Constant;

    /// <summary>[pieces of the rows × classes]: Σ of the gradient over their rows; or null.</summary>
    public float* BiasParts;

    public readonly int RowPieces => (Rows + RowsTogether - 1) / RowsTogether;

    /// <summary>Pieces of work.</summary>
    public readonly int Count => Pass == ClassBlocksPass.Sum ? RowPieces : LogSums.BlocksOf(Classes) * RowPieces;

    public readonly void Execute(int chunk)
    {
        (int block, int piece) = Math.DivRem(chunk, RowPieces);
        int row = piece * RowsTogether, end = Math.Min(row + RowsTogether, (Rows + 15) & ~15);
        int first = block * LogSums.BlockClasses, count = Math.Min(LogSums.BlockClasses, Classes - first);
        if (Pass == ClassBlocksPass.Sum) SumOfClasses(row, end);
        else if (Pass == ClassBlocksPass.Exponentials) Exponentials(block, first, count, row, end);
        else if (Pass == ClassBlocksPass.Normalize) Normalize(block, first, count, row, end, piece);
        else Gradient(first, count, row, end, piece);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void SumOfClasses(int row, int end)
    {
        for (; row < end; row += 16)
        {
            TDoubles low = TDoubles.Load(Sums.Sum + row), high = TDoubles.Load(Sums.Sum + row + 8);
            float* z = Logits + row;
            for (int c = 0; c < Classes; c++, z += Sums.Ld)
            {
                TLanes.Widen(TLanes.Load(z) + BiasOf(c), out TDoubles first, out TDoubles second);
                low += first;
                high += second;
            }
            TDoubles.Store(Sums.Sum + row, low);
            TDoubles.Store(Sums.Sum + row + 8, high);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Exponentials(int block, int firstClass, int count, int row, int end)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        nint ld = Sums.Ld;
        float* maxima = Sums.MaxOf(block), sums = Sums.SumOf(block);
        for (; row < end; row += 16)
        {
            float* from = Logits + (firstClass * ld) + row, z = from;
            TLanes max = TLanes.Broadcast(float.NegativeInfinity), nextMax = max;
            int c = 0;
            for (; c + 2 <= count; c += 2, z += 2 * ld)
            {
                // Two lines further: rows of the batch whose turn comes soon. Lines so far apart are not foreseen.
                Prefetch.Near(z + 32);
                Prefetch.Near(z + ld + 32);
                max = TLanes.Max(Biased(TLanes.Load(z), BiasOf(firstClass + c)), max);
                nextMax = TLanes.Max(Biased(TLanes.Load(z + ld), BiasOf(firstClass + c + 1)), nextMax);
            }
            if (c < count) max = TLanes.Max(Biased(TLanes.Load(z), BiasOf(firstClass + c)), max);
            max = TLanes.Max(nextMax, max);
            TLanes sum = TLanes.Zero, nextSum = TLanes.Zero;
            z = from;
            for (c = 0; c + 2 <= count; c += 2, z += 2 * ld)
            {
                TLanes a = Biased(TLanes.Load(z), BiasOf(firstClass + c)), b = Biased(TLanes.Load(z + ld), BiasOf(firstClass + c + 1));
                // Equal infinities are 0 apart.
                a = TLanes.WhereEqual(a, max, TLanes.Zero, a - max);
                b = TLanes.WhereEqual(b, max, TLanes.Zero, b - max);
                exp.Of(ref a, ref b);
                TLanes.Store(z, a);
                TLanes.Store(z + ld, b);
                sum += a;
                nextSum += b;
            }
            if (c < count)
            {
                TLanes a = Biased(TLanes.Load(z), BiasOf(firstClass + c));
                a = exp.Of(TLanes.WhereEqual(a, max, TLanes.Zero, a - max));
                TLanes.Store(z, a);
                sum += a;
            }
            TLanes.Store(maxima + row, max);
            TLanes.Store(sums + row, sum + nextSum);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Normalize(int block, int firstClass, int count, int row, int end, int piece)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        float* factors = stackalloc float[RowsTogether];
        for (int r = row; r < end; r += 16)
        {
            TLanes factor = LogSumFinish<TLanes, TDoubles>.Factor(exp, TLanes.Load(Sums.MaxOf(block) + r), TLanes.Load(Sums.Max + r));
            TLanes.Store(factors + r - row, factor * TLanes.Load(Sums.Coefficient + r));
        }
        TLanes constant = TLanes.Broadcast(Constant), live = TLanes.FromBits(LiveBits(end));
        for (int c = firstClass; c < firstClass + count; c++)
        {
            float* z = Logits + ((nint)c * Sums.Ld) + row;
            TLanes sum = TLanes.Zero;
            int last = end - row - 16;
            for (int r = 0; r < last; r += 16)
            {
                TLanes g = TLanes.MultiplyAdd(TLanes.Load(z + r), TLanes.Load(factors + r), constant);
                TLanes.Store(z + r, g);
                sum += g;
            }
            TLanes end16 = TLanes.MultiplyAdd(TLanes.Load(z + last), TLanes.Load(factors + last), constant);
            TLanes.Store(z + last, end16);
            if (BiasParts != null) BiasParts[((long)piece * Classes) + c] = TLanes.Sum(sum + TLanes.Select(live, end16, TLanes.Zero));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Gradient(int firstClass, int count, int row, int end, int piece)
    {
        Exponential<TLanes, TDoubles> exp = Exponential<TLanes, TDoubles>.Load();
        TLanes constant = TLanes.Broadcast(Constant), live = TLanes.FromBits(LiveBits(end));
        for (int c = firstClass; c < firstClass + count; c++)
        {
            float* z = Logits + ((nint)c * Sums.Ld);
            TLanes sum = TLanes.Zero, bias = BiasOf(c);
            for (int r = row; r < end; r += 16)
            {
                TLanes v = TLanes.Load(z + r) + bias, max = TLanes.Load(Sums.Max + r);
                v = exp.Of(TLanes.WhereEqual(v, max, TLanes.Zero, v - max));
                v = TLanes.MultiplyAdd(v, TLanes.Load(Sums.Coefficient + r), constant);
                TLanes.Store(z + r, v);
                sum += r + 16 < end ? v : TLanes.Select(live, v, TLanes.Zero);
            }
            if (BiasParts != null) BiasParts[((long)piece * Classes) + c] = TLanes.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TLanes BiasOf(int c) => TLanes.Broadcast(Bias == null ? 0f : Bias[c]);

    /// <summary>z + b; a label that was taken out stays out, whatever its bias is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Biased(TLanes z, TLanes bias)
    {
        TLanes none = TLanes.Broadcast(float.NegativeInfinity);
        return TLanes.WhereEqual(z, none, none, z + bias);
    }

    /// <summary>Which of the last sixteen rows before <paramref name="end"/> there are.</summary>
    private readonly uint LiveBits(int end) => end <= Rows ? 0xFFFFu : (1u << (Rows - (end - 16))) - 1;
}
