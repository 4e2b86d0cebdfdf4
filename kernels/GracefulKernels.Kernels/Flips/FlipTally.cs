using System.Numerics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Counts of one thread's rows, by sums of comparisons: what a prediction is never decides a jump.</summary>
internal unsafe struct FlipTally
{
    private long _valid;
    private long _rightOld;
    private long _rightNew;
    private long _rightBoth;
    private long _same;
    private long _undefinedOld;
    private long _undefinedNew;

    public readonly FlipTable Table => new(
        _rightBoth,
        _valid - _rightOld - _rightNew + _rightBoth,
        _rightNew - _rightBoth,
        _rightOld - _rightBoth,
        _valid - _same,
        _undefinedOld,
        _undefinedNew);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long rows, int* old, int* updated, int* labels, int ignoreIndex, long* perClass)
    {
        long valid = 0, rightOld = 0, rightNew = 0, rightBoth = 0, same = 0, undefinedOld = 0, undefinedNew = 0;
        for (long i = 0; i < rows; i++)
        {
            int label = labels[i], a = old[i], b = updated[i];
            int counts = label != ignoreIndex ? 1 : 0;
            // A negative label can only be the ignore index, so a negative prediction is right nowhere that counts.
            int isOld = (a == label ? 1 : 0) & counts, isNew = (b == label ? 1 : 0) & counts;
            valid += counts;
            rightOld += isOld;
            rightNew += isNew;
            rightBoth += isOld & isNew;
            same += (a == b ? 1 : 0) & counts;
            undefinedOld += (int)((uint)a >> 31) & counts;
            undefinedNew += (int)((uint)b >> 31) & counts;
            if (perClass != null && counts != 0) Add(perClass + ((long)label * FlipTable.Fields), isOld, isNew, a, b);
        }
        _valid += valid;
        _rightOld += rightOld;
        _rightNew += rightNew;
        _rightBoth += rightBoth;
        _same += same;
        _undefinedOld += undefinedOld;
        _undefinedNew += undefinedNew;
    }

    /// <summary>Rows as bits.</summary>
    public void Add(uint valid, uint rightOld, uint rightNew, uint same, uint undefinedOld, uint undefinedNew)
    {
        _valid += BitOperations.PopCount(valid);
        _rightOld += BitOperations.PopCount(valid & rightOld);
        _rightNew += BitOperations.PopCount(valid & rightNew);
        _rightBoth += BitOperations.PopCount(valid & rightOld & rightNew);
        _same += BitOperations.PopCount(valid & same);
        _undefinedOld += BitOperations.PopCount(valid & undefinedOld);
        _undefinedNew += BitOperations.PopCount(valid & undefinedNew);
    }

    /// <summary>
    /// One row into its class, in the order of <see cref="FlipTable"/>. Sums of integers: the order in which threads add is
    /// free.
    /// </summary>
    private static void Add(long* counts, int isOld, int isNew, int old, int updated)
    {
        int kind = isOld == isNew ? 1 - isOld : 2 + isOld;
        Interlocked.Increment(ref counts[kind]);
        if (old != updated) Interlocked.Increment(ref counts[4]);
        if (old < 0) Interlocked.Increment(ref counts[5]);
        if (updated < 0) Interlocked.Increment(ref counts[6]);
    }
}

internal unsafe struct FlipsFromPredictionsJob : IJob
{
    public const int PerChunk = 1 << 16;

    public long Rows;
    public int* Old;
    public int* New;
    public int* Labels;
    public int IgnoreIndex;
    public long* PerClass;
    public FlipTable* Partials;

    public readonly void Execute(int chunk)
    {
        long start = (long)chunk * PerChunk;
        FlipTally tally = default;
        tally.Add(Math.Min(PerChunk, Rows - start), Old + start, New + start, Labels + start, IgnoreIndex, PerClass);
        Partials[chunk] = tally.Table;
    }
}
