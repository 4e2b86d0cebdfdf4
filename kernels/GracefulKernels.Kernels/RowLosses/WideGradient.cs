using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>The gradient of rows with classes along the lanes, out of what <see cref="WideRows{TLanes,TDoubles,TLoss}"/> left in scratch.</summary>
internal static unsafe class WideGradient<TLanes, TDoubles, TLoss>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TLoss : struct, IRowLoss
{
    /// <summary>Writes the row's gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write<TCareful, TCentred>(in RowLossContext context, in RowPointers row, RowStatistics statistics,
        int lane)
        where TCareful : struct, IFlag
        where TCentred : struct, IFlag
    {
        TLanes coefficientFirst = TLanes.Broadcast(statistics[RowStatistic.CoefficientFirst][lane]);
        TLanes coefficientSecond = TLanes.Broadcast(statistics[RowStatistic.CoefficientSecond][lane]);
        TLanes coefficientBase = TLanes.Broadcast(statistics[RowStatistic.CoefficientBase][lane]);
        TLanes constant = TLanes.Broadcast(statistics[RowStatistic.Constant][lane]);
        float* first = TLoss.Matching ? row.New : TLoss.TopDifference ? row.ExpOld : TCentred.IsSet ? row.Centred : row.ExpNew;
        float* second = TLoss.Matching ? row.Old : TLoss.Reversed ? row.ExpNew : row.ExpOld;
        float* ofBase = TLoss.Squared ? row.New : TLoss.Divergence && TLoss.Squarings < 0 ? row.ExpNewAtOne : row.ExpNew;
        int classes = context.Classes;
        int head = context.Streams ? Streaming.Head(row.Gradient) : -1, start = Math.Max(head, 0);
        int chunks = (classes - start) >> 4, rest = start + (chunks * 16);
        // The label's entry goes into its lane: a second store to a line that streams out would fetch it back.
        int label = TLoss.CrossEntropy || TLoss.Squared ? (int)statistics[RowStatistic.Label][lane] : -1;
        TLanes atLabel = TLanes.Broadcast(statistics[RowStatistic.LabelGradient][lane]);
        if (start > 0)
        {
            TLanes g = Term<TCareful, TCentred>(
                TLanes.Load(first), TLanes.Load(second), TLanes.Load(ofBase), coefficientFirst, coefficientSecond,
                    coefficientBase, constant);
            TLanes.StorePartial(row.Gradient, start, g);
        }
        int labelChunk = label >= start && label < rest ? ((label - start) & ~15) + start : -1;
        TLanes isLabel = TLanes.FromBits(1u << ((label - start) & 15));
        for (int i = start; i < rest; i += 16)
        {
            TLanes g = Term<TCareful, TCentred>(
                TLanes.Load(first + i), TLanes.Load(second + i), TLanes.Load(ofBase + i), coefficientFirst, coefficientSecond,
                    coefficientBase, constant);
            if (i == labelChunk) g = TLanes.Select(isLabel, atLabel, g);
            if (head >= 0) TLanes.StoreStreaming(row.Gradient + i, g);
            else TLanes.Store(row.Gradient + i, g);
        }
        if (rest < classes)
        {
            // Logits are not padded as scratch rows are.
            int count = classes - rest;
            TLanes g = Term<TCareful, TCentred>(
                TLoss.Matching ? TLanes.LoadPartial(first + rest, count) : TLanes.Load(first + rest),
                TLoss.Matching ? TLanes.LoadPartial(second + rest, count) : TLanes.Load(second + rest),
                TLoss.Squared ? TLanes.LoadPartial(ofBase + rest, count) : TLanes.Load(ofBase + rest),
                coefficientFirst, coefficientSecond, coefficientBase, constant);
            TLanes.StorePartial(row.Gradient + rest, count, g);
        }
        if (label >= 0 && labelChunk < 0) row.Gradient[label] = statistics[RowStatistic.LabelGradient][lane];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Term<TCareful, TCentred>(
        TLanes first, TLanes second, TLanes ofBase, TLanes coefficientFirst, TLanes coefficientSecond, TLanes coefficientBase,
            TLanes constant)
        where TCareful : struct, IFlag
        where TCentred : struct, IFlag
    {
        TLanes rest = constant;
        if (TLoss.Squared || (TLoss.CrossEntropy && (TCentred.IsSet || !TLoss.Divergence || TLoss.Squarings != 0)))
        {
            if (TLoss.CrossEntropy && TLoss.Divergence) ofBase = RowTerms<TLanes, TDoubles, TLoss>.AtOne(ofBase);
            rest = TLanes.MultiplyAdd(coefficientBase, ofBase, constant);
        }
        return RowTerms<TLanes, TDoubles, TLoss>.Gradient<TCareful>(first, second, coefficientFirst, coefficientSecond, rest);
    }
}
