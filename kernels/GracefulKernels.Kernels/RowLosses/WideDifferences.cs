using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>LDI of a row with classes along the lanes: the sum over its top K, and the slopes of all classes in the scratch of the old exponentials.</summary>
internal static unsafe class WideDifferences<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Sum and slopes; a NaN in any of the rows that it looks at makes the sum NaN and the slopes 0.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Take(in RowLossContext context, in RowPointers row, RowStatistics statistics, int lane)
    {
        int classes = context.Classes, label = (int)statistics[RowStatistic.Label][lane], k = context.TopK;
        int excluded = context.ExcludesTrueClass ? label : -1, candidates = classes - (excluded < 0 ? 0 : 1);
        bool known = statistics[RowStatistic.ArgmaxNew][lane] >= 0 && statistics[RowStatistic.ArgmaxOld][lane] >= 0;
        float* rank = context.RankBy == RankSource.New ? row.New : context.RankBy == RankSource.Old ? row.Old : row.Reference;
        if (context.RankBy == RankSource.Reference) known &= RowArgmax<TLanes, TDoubles>.Along(rank, classes, out _, out _) >= 0;
        float sum = 0;
        int* list = stackalloc int[64];
        if (known && k >= candidates) sum = Bounded(context, row, rank, label, excluded, float.NegativeInfinity, classes);
        else
        {
            new Span<float>(row.ExpOld, (classes + 15) & ~15).Clear();
            if (!known) sum = float.NaN;
            else if (k <= TopClasses<TLanes, TDoubles>.MostListed && TopClasses<TLanes, TDoubles>.List(rank, classes, k, excluded, list)) sum = Listed(context, row, label, list);
            else
            {
                TopClasses<TLanes, TDoubles>.Bound(rank, classes, k, excluded, out float bound, out int place);
                sum = Bounded(context, row, rank, label, excluded, bound, place);
            }
        }
        statistics[RowStatistic.TopSum][lane] = sum;
        statistics[RowStatistic.LabelSlope][lane] = label < 0 ? 0f : row.ExpOld[label];
    }

    /// <summary>At most sixteen classes: they come together in the lanes.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Listed(in RowLossContext context, in RowPointers row, int label, int* list)
    {
        float* news = stackalloc float[16], olds = stackalloc float[16];
        int k = context.TopK;
        uint isLabel = 0;
        for (int j = 0; j < 16; j++)
        {
            // Equal logits behind the last add nothing.
            news[j] = j < k ? row.New[list[j]] : 0f;
            olds[j] = j < k ? row.Old[list[j]] : 0f;
            if (j < k && list[j] == label) isLabel = 1u << j;
        }
        TLanes difference = DifferenceTerms<TLanes, TDoubles>.Difference(TLanes.Load(news), TLanes.Load(olds));
        TLanes size = context.OneSided ? TLanes.Select(TLanes.FromBits(isLabel), -difference, difference) : TLanes.Abs(difference);
        TLanes value = DifferenceTerms<TLanes, TDoubles>.Value(context, difference, size, out TLanes slope);
        TLanes.Store(news, slope);
        for (int j = 0; j < k; j++) row.ExpOld[list[j]] = news[j];
        return TLanes.Sum(value);
    }

    /// <summary>Every class above the bound, and of those equal to it the ones up to a place.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Bounded(in RowLossContext context, in RowPointers row, float* rank, int label, int excluded, float bound, int place)
    {
        int classes = context.Classes;
        float* numbers = stackalloc float[16];
        for (int i = 0; i < 16; i++) numbers[i] = i;
        TLanes index = TLanes.Load(numbers), limit = TLanes.Broadcast(bound), last = TLanes.Broadcast(place), sum = TLanes.Zero, zero = TLanes.Zero;
        TLanes sixteen = TLanes.Broadcast(16f), labels = TLanes.Broadcast(label), without = TLanes.Broadcast(excluded);
        for (int i = 0; i < classes; i += 16)
        {
            int count = Math.Min(16, classes - i);
            // Behind the last class both are 0.
            TLanes z = TLanes.LoadPartial(rank + i, count);
            TLanes difference = DifferenceTerms<TLanes, TDoubles>.Difference(TLanes.LoadPartial(row.New + i, count), TLanes.LoadPartial(row.Old + i, count));
            TLanes size = context.OneSided ? TLanes.WhereEqual(index, labels, -difference, difference) : TLanes.Abs(difference);
            size = TLanes.WhereEqual(z, limit, TLanes.WhereGreater(index, last, zero, size), TLanes.WhereGreater(z, limit, size, zero));
            size = TLanes.WhereEqual(index, without, zero, size);
            sum += DifferenceTerms<TLanes, TDoubles>.Value(context, difference, size, out TLanes slope);
            TLanes.Store(row.ExpOld + i, slope);
            index += sixteen;
        }
        return TLanes.Sum(sum);
    }
}
