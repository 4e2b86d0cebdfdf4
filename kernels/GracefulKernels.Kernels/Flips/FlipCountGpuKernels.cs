using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Counts of flips, in whole and by class. All are sums of integers, so that the order is free. Atomic additions become OpenCL that needs a generic
/// address space, so there a thread counts a class without them: more work (rows times classes comparisons), the same counts.
/// </summary>
internal static class FlipCountGpuKernels
{
    public static readonly GpuKernel<Arguments> Count = new(CountRows);
    public static readonly GpuKernel<ClassArguments> Classes = new(CountClasses);
    public static readonly GpuKernel<ClassArguments> FewClasses = new(CountFewClasses);
    public static readonly GpuKernel<OwnClassArguments> OwnClass = new(CountOwnClass);
    public static readonly GpuKernel<TableArguments> Clear = new(ClearTable);
    public static readonly GpuKernel<TableArguments> AddTable = new(AddToTable);

    /// <summary>So many classes have a table in the shared memory of a group (28 KB).</summary>
    public const int MostInShared = 1000;

    internal struct Arguments
    {
        public ArrayView<int> Old, New, Labels;
        public ArrayView<double> Partials;
        public long Rows;
        public int IgnoreIndex;
    }

    /// <summary>Rows of one slice, so few that their counts are ints.</summary>
    internal struct ClassArguments
    {
        public ArrayView<int> Old, New, Labels, Counts;
        public long First, Rows;
        public int IgnoreIndex, Classes;
    }

    internal struct OwnClassArguments
    {
        public ArrayView<int> Old, New, Labels;
        public ArrayView<long> Totals;
        public long Rows;
        public int IgnoreIndex, Classes;
    }

    internal struct TableArguments
    {
        public ArrayView<int> Counts;
        public ArrayView<long> Totals;
    }

    private static void CountRows(Arguments g)
    {
        ArrayView<double> memory = SharedMemory.Allocate<double>(GpuKernels.GroupSize);
        long valid = 0, rightOld = 0, rightNew = 0, rightBoth = 0, same = 0, noOld = 0, noNew = 0;
        long stride = (long)Grid.DimX * GpuKernels.GroupSize;
        for (long i = Grid.GlobalLinearIndex; i < g.Rows; i += stride)
        {
            int label = g.Labels[i], a = g.Old[i], b = g.New[i];
            // A negative label can only be the ignore index, so a negative prediction is right nowhere that counts.
            if (label != g.IgnoreIndex)
            {
                valid++;
                if (a == label) rightOld++;
                if (b == label) rightNew++;
                if (a == label && b == label) rightBoth++;
                if (a == b) same++;
                if (a < 0) noOld++;
                if (b < 0) noNew++;
            }
        }
        // Exact: counts stay below 2⁵³.
        RowLossGpuSums.SumOfGroup(memory, rightBoth, g.Partials, 0, FlipTable.Fields);
        RowLossGpuSums.SumOfGroup(memory, valid - rightOld - rightNew + rightBoth, g.Partials, 1, FlipTable.Fields);
        RowLossGpuSums.SumOfGroup(memory, rightNew - rightBoth, g.Partials, 2, FlipTable.Fields);
        RowLossGpuSums.SumOfGroup(memory, rightOld - rightBoth, g.Partials, 3, FlipTable.Fields);
        RowLossGpuSums.SumOfGroup(memory, valid - same, g.Partials, 4, FlipTable.Fields);
        RowLossGpuSums.SumOfGroup(memory, noOld, g.Partials, 5, FlipTable.Fields);
        RowLossGpuSums.SumOfGroup(memory, noNew, g.Partials, 6, FlipTable.Fields);
    }

    private static void CountClasses(ClassArguments g)
    {
        long stride = (long)Grid.DimX * GpuKernels.GroupSize;
        for (long i = Grid.GlobalLinearIndex; i < g.Rows; i += stride)
        {
            int label = g.Labels[g.First + i];
            if (label != g.IgnoreIndex) AddRow(g.Counts, label, g.Old[g.First + i], g.New[g.First + i]);
        }
    }

    /// <summary>Rows of few classes would wait for each other at the same places of global memory: each group has a table of its own.</summary>
    private static void CountFewClasses(ClassArguments g)
    {
        ArrayView<int> counts = SharedMemory.Allocate<int>(MostInShared * FlipTable.Fields);
        int thread = Group.IdxX, fields = g.Classes * FlipTable.Fields;
        for (int i = thread; i < fields; i += GpuKernels.GroupSize) counts[i] = 0;
        Group.Barrier();
        long stride = (long)Grid.DimX * GpuKernels.GroupSize;
        for (long i = Grid.GlobalLinearIndex; i < g.Rows; i += stride)
        {
            int label = g.Labels[g.First + i];
            if (label != g.IgnoreIndex) AddRow(counts, label, g.Old[g.First + i], g.New[g.First + i]);
        }
        Group.Barrier();
        for (int i = thread; i < fields; i += GpuKernels.GroupSize)
        {
            int count = counts[i];
            if (count != 0) Atomic.Add(ref g.Counts[i], count);
        }
    }

    /// <summary>A thread a class: all of a group look at the same rows, in shared memory.</summary>
    private static void CountOwnClass(OwnClassArguments g)
    {
        ArrayView<int> labels = SharedMemory.Allocate<int>(GpuKernels.GroupSize), old = SharedMemory.Allocate<int>(GpuKernels.GroupSize);
        ArrayView<int> updated = SharedMemory.Allocate<int>(GpuKernels.GroupSize);
        int thread = Group.IdxX, own = (Grid.IdxX * GpuKernels.GroupSize) + thread;
        long bothRight = 0, bothWrong = 0, positive = 0, negative = 0, differ = 0, noOld = 0, noNew = 0;
        for (long first = 0; first < g.Rows; first += GpuKernels.GroupSize)
        {
            int label = -1;
            if (first + thread < g.Rows)
            {
                label = g.Labels[first + thread];
                // No class has a negative number.
                if (label == g.IgnoreIndex) label = -1;
                old[thread] = g.Old[first + thread];
                updated[thread] = g.New[first + thread];
            }
            labels[thread] = label;
            Group.Barrier();
            for (int i = 0; i < GpuKernels.GroupSize; i++)
            {
                if (labels[i] == own)
                {
                    int a = old[i], b = updated[i];
                    if (a == own && b == own) bothRight++;
                    if (a != own && b != own) bothWrong++;
                    if (a != own && b == own) positive++;
                    if (a == own && b != own) negative++;
                    if (a != b) differ++;
                    if (a < 0) noOld++;
                    if (b < 0) noNew++;
                }
            }
            Group.Barrier();
        }
        if (own < g.Classes)
        {
            long at = (long)own * FlipTable.Fields;
            g.Totals[at] += bothRight;
            g.Totals[at + 1] += bothWrong;
            g.Totals[at + 2] += positive;
            g.Totals[at + 3] += negative;
            g.Totals[at + 4] += differ;
            g.Totals[at + 5] += noOld;
            g.Totals[at + 6] += noNew;
        }
    }

    private static void ClearTable(TableArguments g)
    {
        long i = Grid.GlobalLinearIndex;
        if (i < g.Counts.Length) g.Counts[i] = 0;
    }

    private static void AddToTable(TableArguments g)
    {
        long i = Grid.GlobalLinearIndex;
        if (i < g.Counts.Length) g.Totals[i] += g.Counts[i];
    }

    /// <summary>One row into its class, in the order of <see cref="FlipTable"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(ArrayView<int> counts, int label, int old, int updated)
    {
        int at = label * FlipTable.Fields, kind = 1;
        if (old == label) kind = updated == label ? 0 : 3;
        else if (updated == label) kind = 2;
        Atomic.Add(ref counts[at + kind], 1);
        if (old != updated) Atomic.Add(ref counts[at + 4], 1);
        if (old < 0) Atomic.Add(ref counts[at + 5], 1);
        if (updated < 0) Atomic.Add(ref counts[at + 6], 1);
    }
}
