using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The positive-congruent objective where the old model has other classes. The loss against the labels goes over all new classes, the distance over the shared ones: two passes of the row-loss kernel, and the
/// gradient of the second added to the first's. Rows go in blocks whose intermediate results stay in the outer cache.
/// </summary>
internal sealed unsafe class MappedLoss : IDisposable
{
    /// <summary>Logits of a block.</summary>
    private const int BlockLogits = 1 << 20;

    /// <summary>In the place of ignored labels, which may have any number.</summary>
    private const int Ignored = int.MinValue;

    private readonly CongruenceOptions _options;
    private readonly ClassMap _map;
    private readonly IKernels _kernels;
    private readonly SharedColumns _columns;
    private readonly int _block;
    private readonly int[] _labels;
    private readonly int[] _own;
    private readonly float[] _bases;
    private readonly float[] _distances;
    private readonly float[] _factors;
    private readonly ColumnsOf? _fromNew;
    private readonly ColumnsOf? _fromOld;
    private readonly ColumnsOf? _fromReference;
    private readonly DeviceMemory? _slopes;

    /// <param name="options">The loss.</param>
    /// <param name="map">Old → new classes.</param>
    /// <param name="kernels">Where.</param>
    /// <param name="rows">Most rows of a call.</param>
    /// <param name="hasGradient">Whether calls may ask for the gradient.</param>
    public MappedLoss(CongruenceOptions options, ClassMap map, IKernels kernels, int rows, bool hasGradient)
    {
        (_options, _map, _kernels) = (options, map, kernels);
        _columns = new SharedColumns(map);
        _block = Math.Clamp(BlockLogits / Math.Max(map.OldClasses, map.NewClasses), 16, Math.Max(16, rows));
        _labels = new int[_block];
        _own = [.. Enumerable.Range(0, IsNaive ? map.NewClasses : 0)];
        _bases = new float[_block];
        _distances = new float[_block];
        _factors = new float[_block];
        if (!IsApart) return;
        _fromNew = new(kernels, _columns.New, _block);
        _fromOld = new(kernels, _columns.Old, _block);
        if (IsRanked) _fromReference = new(kernels, _columns.New, _block);
        if (hasGradient) _slopes = kernels.Allocate((long)_block * _columns.New.Length * sizeof(float));
    }

    /// <summary>The distance is the base loss once more.</summary>
    private bool IsNaive => _options.Distance == CongruenceDistance.Naive;

    /// <summary>The distance takes a pass of its own.</summary>
    private bool IsApart => _columns.New.Length > 0 && _options.Distance is not (CongruenceDistance.None or CongruenceDistance.Naive);

    private bool IsRanked => _options is { Distance: CongruenceDistance.LogitDifference, RankBy: RankBy.Reference };

    /// <summary>The loss of some rows. Nothing is allocated.</summary>
    /// <param name="all">Operands as of <see cref="IKernels.RowLoss"/>, on the host; the old logits are [rows × C_old], the gradient has no gaps, predictions are always asked for.</param>
    /// <param name="validRows">Rows that are not ignored.</param>
    public CongruenceResult Evaluate(in RowLossOperands all, long validRows)
    {
        float scale = _options.Reduction == LossReduction.Mean ? (float)(1.0 / Math.Max(1, validRows)) : 1f;
        var sums = default(Sums);
        fixed (int* y = _labels, news = _columns.New, olds = _columns.Old, everyOne = _own)
        fixed (float* b = _bases, d = _distances, f = _factors)
        {
            Block<int> newColumns = new(news, _columns.New.Length), oldColumns = new(olds, _columns.Old.Length), ownColumns = new(everyOne, _own.Length);
            for (int row = 0; row < all.Rows; row += _block)
            {
                int rows = Math.Min(_block, all.Rows - row);
                RowLossOperands part = Part(all, row, rows);
                bool unknown = Compact(_columns, part.Labels.Span, _labels, _options.IgnoreIndex);
                Block<float> slope = _slopes is null || all.Gradient.IsEmpty ? default : _slopes.AsBlock<float>().Slice(0, (long)rows * _columns.New.Length);
                // The distance first: the gradient may take the new logits' place.
                _distances.AsSpan().Clear();
                if (IsApart)
                {
                    _kernels.RowLoss(DistanceAlone(_options, unknown), new RowLossOperands
                    {
                        Rows = rows,
                        Classes = _columns.New.Length,
                        New = _fromNew!.Take(part.New, part.LdNew, rows, newColumns),
                        LdNew = _fromNew!.LdOf(part.LdNew),
                        Old = _fromOld!.Take(part.Old, part.LdOld, rows, oldColumns),
                        LdOld = _fromOld!.LdOf(part.LdOld),
                        Reference = IsRanked ? _fromReference!.Take(part.Reference, part.LdReference, rows, newColumns) : default,
                        LdReference = IsRanked ? _fromReference!.LdOf(part.LdReference) : 0,
                        Labels = new Block<int>(y, rows),
                        Gradient = slope,
                        Values = new Block<float>(d, rows),
                    });
                }
                _kernels.Argmax(rows, _map.OldClasses, part.LdOld, part.Old, part.PredictionsOld);
                _kernels.RowLoss(BaseAlone(_options, scale), part with { Old = default, Reference = default, Values = new Block<float>(b, rows), PredictionsOld = default });
                ToNew(_map, part.PredictionsOld.Span);
                Weigh(_options, part, _columns, _bases, IsNaive ? _bases : _distances, _factors, scale, ref sums);
                if (all.Gradient.IsEmpty) continue;
                Block<float> factor = new(f, rows);
                // The naive distance is the base loss again: its gradient is the one that is there.
                if (IsNaive) _kernels.AddColumns(rows, ownColumns, factor, part.Gradient, part.Gradient, _map.NewClasses);
                else if (IsApart) _kernels.AddColumns(rows, newColumns, factor, slope, part.Gradient, _map.NewClasses);
            }
        }
        FlipTable flips = _kernels.FlipsFromPredictions(all.Rows, all.PredictionsOld, all.PredictionsNew, all.Labels, _options.IgnoreIndex, _map.NewClasses, default);
        return CongruenceLoss.Result(_options, new RowLossSums(sums.Base, sums.Distance, sums.Weighted, sums.Valid, sums.Undefined, flips));
    }

    public void Dispose()
    {
        _fromNew?.Dispose();
        _fromOld?.Dispose();
        _fromReference?.Dispose();
        _slopes?.Dispose();
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
