using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>The sums of one row, or of a thread's part of it.</summary>
internal struct RowGpuSums
{
    public const int BaseField = 1, NewField = 2, OldField = 4, DistanceField = 8, ShiftedField = 16;

    /// <summary>Exponentials at τ = 1 without the maximum's own, or the squares of the squared loss.</summary>
    public float Base;

    /// <summary>Exponentials at τ without the maximum's own.</summary>
    public float New, Old;

    /// <summary>What the distance sums: weighted differences, or squared ones.</summary>
    public float Distance;

    /// <summary>Shifted logits, for label smoothing.</summary>
    public float Shifted;

    /// <summary>What a loss of these parts sums: the rest need not be folded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Fields(int parts)
    {
        int fields = 0;
        if ((parts & RowLossParts.Squared) != 0) fields |= BaseField;
        bool divergence = (parts & RowLossParts.Divergence) != 0;
        // At τ = 1 the two sums of the new logits are one.
        if ((parts & RowLossParts.CrossEntropy) != 0 && !(divergence && (parts & RowLossParts.TemperatureOne) != 0)) fields |= BaseField;
        if (divergence) fields |= NewField | OldField | DistanceField;
        if ((parts & (RowLossParts.Matching | RowLossParts.TopDifference)) != 0) fields |= DistanceField;
        if ((parts & RowLossParts.Smoothed) != 0) fields |= ShiftedField;
        return fields;
    }
}

/// <summary>
/// Folds what the threads of a row have into what one of them reads: a tree of fixed shape. A row's threads are a power of two and follow each
/// other. What is not asked for (key b, some fields) is left alone. Every thread of the group calls, and has passed a barrier when it returns.
/// </summary>
internal interface IRowReduction
{
    void Keys(ArrayView<ulong> memory, ulong a, ulong b, bool both, int threads, int group);

    /// <summary>Key a (0) or b (1) of row <paramref name="row"/> of the group.</summary>
    ulong Key(ArrayView<ulong> memory, int which, int row, int threads, int group);

    void Sums(ArrayView<float> memory, RowGpuSums sums, int fields, int threads, int group);

    RowGpuSums Sum(ArrayView<float> memory, int fields, int row, int threads, int group);
}

/// <summary>Through shared memory: for every device.</summary>
internal struct SharedReduction : IRowReduction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Keys(ArrayView<ulong> memory, ulong a, ulong b, bool both, int threads, int group)
    {
        int thread = Group.IdxX, t = thread & (threads - 1);
        memory[thread] = a;
        if (both) memory[thread + group] = b;
        Group.Barrier();
        for (int half = threads >> 1; half > 0; half >>= 1)
        {
            if (t < half)
            {
                memory[thread] = RowGpuKey.Larger(memory[thread], memory[thread + half]);
                if (both) memory[thread + group] = RowGpuKey.Larger(memory[thread + group], memory[thread + group + half]);
            }
            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong Key(ArrayView<ulong> memory, int which, int row, int threads, int group) => memory[(which * group) + (row * threads)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Sums(ArrayView<float> memory, RowGpuSums sums, int fields, int threads, int group)
    {
        int thread = Group.IdxX, t = thread & (threads - 1);
        if ((fields & RowGpuSums.BaseField) != 0) memory[thread] = sums.Base;
        if ((fields & RowGpuSums.NewField) != 0) memory[thread + group] = sums.New;
        if ((fields & RowGpuSums.OldField) != 0) memory[thread + (2 * group)] = sums.Old;
        if ((fields & RowGpuSums.DistanceField) != 0) memory[thread + (3 * group)] = sums.Distance;
        if ((fields & RowGpuSums.ShiftedField) != 0) memory[thread + (4 * group)] = sums.Shifted;
        Group.Barrier();
        for (int half = threads >> 1; half > 0; half >>= 1)
        {
            if (t < half)
            {
                if ((fields & RowGpuSums.BaseField) != 0) memory[thread] += memory[thread + half];
                if ((fields & RowGpuSums.NewField) != 0) memory[thread + group] += memory[thread + group + half];
                if ((fields & RowGpuSums.OldField) != 0) memory[thread + (2 * group)] += memory[thread + (2 * group) + half];
                if ((fields & RowGpuSums.DistanceField) != 0) memory[thread + (3 * group)] += memory[thread + (3 * group) + half];
                if ((fields & RowGpuSums.ShiftedField) != 0) memory[thread + (4 * group)] += memory[thread + (4 * group) + half];
            }
            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly RowGpuSums Sum(ArrayView<float> memory, int fields, int row, int threads, int group)
    {
        int at = row * threads;
        RowGpuSums sums = default;
        if ((fields & RowGpuSums.BaseField) != 0) sums.Base = memory[at];
        if ((fields & RowGpuSums.NewField) != 0) sums.New = memory[at + group];
        if ((fields & RowGpuSums.OldField) != 0) sums.Old = memory[at + (2 * group)];
        if ((fields & RowGpuSums.DistanceField) != 0) sums.Distance = memory[at + (3 * group)];
        if ((fields & RowGpuSums.ShiftedField) != 0) sums.Shifted = memory[at + (4 * group)];
        return sums;
    }
}

/// <summary>Through warp shuffles, then the few results of the warps through shared memory: one barrier.</summary>
internal struct ShuffleReduction : IRowReduction
{
    private const int WarpThreads = 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Keys(ArrayView<ulong> memory, ulong a, ulong b, bool both, int threads, int group)
    {
        int thread = Group.IdxX;
        for (int half = Within(threads) >> 1; half > 0; half >>= 1)
        {
            a = RowGpuKey.Larger(a, Warp.ShuffleXor(a, half));
            if (both) b = RowGpuKey.Larger(b, Warp.ShuffleXor(b, half));
        }
        if ((thread & (Within(threads) - 1)) == 0)
        {
            memory[thread] = a;
            if (both) memory[thread + group] = b;
        }
        Group.Barrier();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong Key(ArrayView<ulong> memory, int which, int row, int threads, int group)
    {
        int at = (which * group) + (row * threads);
        ulong key = memory[at];
        for (int i = WarpThreads; i < threads; i += WarpThreads) key = RowGpuKey.Larger(key, memory[at + i]);
        return key;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Sums(ArrayView<float> memory, RowGpuSums sums, int fields, int threads, int group)
    {
        int thread = Group.IdxX;
        for (int half = Within(threads) >> 1; half > 0; half >>= 1)
        {
            if ((fields & RowGpuSums.BaseField) != 0) sums.Base += Warp.ShuffleXor(sums.Base, half);
            if ((fields & RowGpuSums.NewField) != 0) sums.New += Warp.ShuffleXor(sums.New, half);
            if ((fields & RowGpuSums.OldField) != 0) sums.Old += Warp.ShuffleXor(sums.Old, half);
            if ((fields & RowGpuSums.DistanceField) != 0) sums.Distance += Warp.ShuffleXor(sums.Distance, half);
            if ((fields & RowGpuSums.ShiftedField) != 0) sums.Shifted += Warp.ShuffleXor(sums.Shifted, half);
        }
        if ((thread & (Within(threads) - 1)) == 0)
        {
            if ((fields & RowGpuSums.BaseField) != 0) memory[thread] = sums.Base;
            if ((fields & RowGpuSums.NewField) != 0) memory[thread + group] = sums.New;
            if ((fields & RowGpuSums.OldField) != 0) memory[thread + (2 * group)] = sums.Old;
            if ((fields & RowGpuSums.DistanceField) != 0) memory[thread + (3 * group)] = sums.Distance;
            if ((fields & RowGpuSums.ShiftedField) != 0) memory[thread + (4 * group)] = sums.Shifted;
        }
        Group.Barrier();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly RowGpuSums Sum(ArrayView<float> memory, int fields, int row, int threads, int group)
    {
        RowGpuSums sums = default;
        int at = row * threads;
        for (int i = 0; i < threads; i += WarpThreads)
        {
            if ((fields & RowGpuSums.BaseField) != 0) sums.Base += memory[at + i];
            if ((fields & RowGpuSums.NewField) != 0) sums.New += memory[at + i + group];
            if ((fields & RowGpuSums.OldField) != 0) sums.Old += memory[at + i + (2 * group)];
            if ((fields & RowGpuSums.DistanceField) != 0) sums.Distance += memory[at + i + (3 * group)];
            if ((fields & RowGpuSums.ShiftedField) != 0) sums.Shifted += memory[at + i + (4 * group)];
        }
        return sums;
    }

    /// <summary>Threads of a row within one warp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Within(int threads) => threads < WarpThreads ? threads : WarpThreads;
}
