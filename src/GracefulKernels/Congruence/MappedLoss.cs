using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The positive-congruent objective where the old model has other classes. The loss against the labels goes over all new classes, the distance over the shared ones: two passes of the row-loss kernel, and the
/// gradient of the second added to the first's. Rows go in blocks whose intermediate results stay in the outer cache.
/// </summary>
internal static unsafe class MappedLoss
{
    /// <summary>Logits of a block.</summary>
    private const int BlockLogits = 1 << 20;

    /// <summary>In the place of ignored labels, which may have any number.</summary>
    private const int Ignored = int.MinValue;

    /// <param name="options">The loss.</param>
    /// <param name="map">Old → new classes.</param>
    /// <param name="all">Operands as of <see cref="IKernels.RowLoss"/>, on the host; the old logits are [rows × C_old], the gradient has no gaps, predictions are always asked for.</param>
    /// <param name="validRows">Rows that are not ignored.</param>
    /// <param name="kernels">Where.</param>
    public static CongruenceResult Evaluate(CongruenceOptions options, ClassMap map, in RowLossOperands all, long validRows, IKernels kernels)
    {
        var columns = new SharedColumns(map);
        int block = Math.Clamp(BlockLogits / Math.Max(map.OldClasses, map.NewClasses), 16, Math.Max(16, all.Rows));
        bool naive = options.Distance == CongruenceDistance.Naive, apart = columns.New.Length > 0 && options.Distance is not (CongruenceDistance.None or CongruenceDistance.Naive);
        bool ranked = options is { Distance: CongruenceDistance.LogitDifference, RankBy: RankBy.Reference };
        float scale = options.Reduction == LossReduction.Mean ? (float)(1.0 / Math.Max(1, validRows)) : 1f;
        int[] labels = new int[block], own = [.. Enumerable.Range(0, naive ? map.NewClasses : 0)];
        float[] bases = new float[block], distances = new float[block], factors = new float[block];
        var sums = default(Sums);
        fixed (int* y = labels, news = columns.New, olds = columns.Old, everyOne = own)
        fixed (float* b = bases, d = distances, f = factors)
        {
            Block<int> newColumns = new(news, columns.New.Length), oldColumns = new(olds, columns.Old.Length), ownColumns = new(everyOne, own.Length);
            using ColumnsOf fromNew = new(kernels, columns.New, newColumns, all.LdNew, block), fromOld = new(kernels, columns.Old, oldColumns, all.LdOld, block);
            using ColumnsOf fromReference = ranked ? new(kernels, columns.New, newColumns, all.LdReference, block) : default;
            using DeviceMemory? slopes = apart && !all.Gradient.IsEmpty ? kernels.Allocate((long)block * columns.New.Length * sizeof(float)) : null;
            for (int row = 0; row < all.Rows; row += block)
            {
                int rows = Math.Min(block, all.Rows - row);
                RowLossOperands part = Part(all, row, rows);
                bool unknown = Compact(columns, part.Labels.Span, labels, options.IgnoreIndex);
                Block<float> slope = slopes is null ? default : slopes.AsBlock<float>().Slice(0, (long)rows * columns.New.Length);
                // The distance first: the gradient may take the new logits' place.
                distances.AsSpan().Clear();
                if (apart)
                {
                    kernels.RowLoss(DistanceAlone(options, unknown), new RowLossOperands
                    {
                        Rows = rows,
                        Classes = columns.New.Length,
                        New = fromNew.Take(part.New, rows),
                        LdNew = fromNew.Ld,
                        Old = fromOld.Take(part.Old, rows),
                        LdOld = fromOld.Ld,
                        Reference = ranked ? fromReference.Take(part.Reference, rows) : default,
                        LdReference = ranked ? fromReference.Ld : 0,
                        Labels = new Block<int>(y, rows),
                        Gradient = slope,
                        Values = new Block<float>(d, rows),
                    });
                }
                kernels.Argmax(rows, map.OldClasses, part.LdOld, part.Old, part.PredictionsOld);
                kernels.RowLoss(BaseAlone(options, scale), part with { Old = default, Reference = default, Values = new Block<float>(b, rows), PredictionsOld = default });
                ToNew(map, part.PredictionsOld.Span);
                Weigh(options, part, columns, bases, naive ? bases : distances, factors, scale, ref sums);
                if (all.Gradient.IsEmpty) continue;
                Block<float> factor = new(f, rows);
                // The naive distance is the base loss again: its gradient is the one that is there.
                if (naive) kernels.AddColumns(rows, ownColumns, factor, part.Gradient, part.Gradient, map.NewClasses);
                else if (apart) kernels.AddColumns(rows, newColumns, factor, slope, part.Gradient, map.NewClasses);
            }
        }
        FlipTable flips = kernels.FlipsFromPredictions(all.Rows, all.PredictionsOld, all.PredictionsNew, all.Labels, options.IgnoreIndex, map.NewClasses, default);
        return CongruenceLoss.Result(options, new RowLossSums(sums.Base, sums.Distance, sums.Weighted, sums.Valid, sums.Undefined, flips));
    }

    private static RowLossOperands Part(in RowLossOperands all, int row, int rows)
    {
        return all with
        {
            Rows = rows,
            New = Of(all.New, all.LdNew),
            Old = Of(all.Old, all.LdOld),
            Reference = Of(all.Reference, all.LdReference),
            Labels = all.Labels.Slice(row, rows),
            Gradient = Of(all.Gradient, all.Classes),
            Values = all.Values.IsEmpty ? default : all.Values.Slice(row, rows),
            PredictionsNew = all.PredictionsNew.Slice(row, rows),
            PredictionsOld = all.PredictionsOld.Slice(row, rows),
        };

        // The last row may end before its gap does.
        Block<float> Of(Block<float> matrix, int ld) => matrix.IsEmpty ? default : matrix.Slice((long)row * ld, Math.Min((long)rows * ld, matrix.Length - ((long)row * ld)));
    }

    /// <summary>Labels as numbers of shared classes; returns whether one is none of these.</summary>
    private static bool Compact(SharedColumns columns, ReadOnlySpan<int> labels, int[] compact, int ignoreIndex)
    {
        bool unknown = false;
        for (int r = 0; r < labels.Length; r++)
        {
            compact[r] = labels[r] == ignoreIndex ? Ignored : columns.Of(labels[r]);
            unknown |= compact[r] == -1;
        }
        return unknown;
    }

    private static RowLossOptions DistanceAlone(CongruenceOptions options, bool unknown) => CongruenceLoss.KernelOptions(options, 1f) with
    {
        Base = BaseLoss.None,
        LabelSmoothing = 0,
        DistanceWeight = 1,
        FocalAlpha = 1,
        FocalBeta = 0,
        IgnoreIndex = Ignored,
        UnknownLabels = unknown,
    };

    private static RowLossOptions BaseAlone(CongruenceOptions options, float scale) => CongruenceLoss.KernelOptions(options, scale) with { Distance = OldDistance.None };

    /// <summary>Predictions of the old model as new classes; −1 stays, and is what a class that is gone becomes.</summary>
    private static void ToNew(ClassMap map, Span<int> predictions)
    {
        ReadOnlySpan<int> newOfOld = map.NewOfOld;
        for (int r = 0; r < predictions.Length; r++)
        {
            if (predictions[r] >= 0) predictions[r] = newOfOld[predictions[r]];
        }
    }

    /// <summary>Weights, values and sums of a block, in the order of rows; and what its gradients are multiplied by.</summary>
    private static void Weigh(
        CongruenceOptions options, in RowLossOperands part, SharedColumns columns, float[] bases, float[] distances, float[] factors, float scale, ref Sums sums)
    {
        ReadOnlySpan<int> labels = part.Labels.Span, old = part.PredictionsOld.Span;
        Span<float> values = part.Values.IsEmpty ? default : part.Values.Span;
        bool naive = options.Distance == CongruenceDistance.Naive, none = options.Distance == CongruenceDistance.None;
        for (int r = 0; r < labels.Length; r++)
        {
            factors[r] = 0;
            if (!values.IsEmpty) values[r] = 0;
            if (labels[r] == options.IgnoreIndex) continue;
            float weight = (naive ? 0 : options.FocalAlpha) + (old[r] == labels[r] ? options.FocalBeta : 0);
            if (options.UnknownLabels == UnknownLabelPolicy.Exclude && columns.Of(labels[r]) < 0) weight = 0;
            float pull = none ? 0 : weight * options.DistanceWeight, distance = none ? 0 : distances[r];
            // A weight of zero takes an infinite distance out, but no NaN.
            float nothing = float.IsNaN(distance) ? distance : 0;
            float value = bases[r] + (pull == 0 ? nothing : pull * distance);
            sums.Base += bases[r];
            sums.Distance += distance;
            sums.Weighted += weight == 0 ? nothing : weight * distance;
            sums.Valid++;
            if (float.IsNaN(value)) sums.Undefined++;
            if (!values.IsEmpty) values[r] = value;
            // The gradient that the naive distance adds to has the scale already.
            factors[r] = naive ? pull : pull * scale;
        }
    }

    private struct Sums
    {
        public double Base, Distance, Weighted;
        public long Valid, Undefined;
    }
}
