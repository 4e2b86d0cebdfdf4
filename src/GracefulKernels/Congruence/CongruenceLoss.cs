using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Row losses on logits in one fused pass: value, gradient, per-sample values, argmaxes and prediction flips, each logit read from memory
/// once and each gradient written once.
/// </summary>
/// <remarks>
/// Each row is computed in fp32 (log-sum-exp relative to the maximum; KL in a centred form without cancellation where it is small), rows are
/// summed in fp64. Per-row values are good to about 5e-6 relative. Results are the same bits on every instruction set and for any
/// number of threads. A row with a NaN has prediction −1 and loss NaN; ties go to the lowest index; a logit of −∞ has probability 0.
/// </remarks>
public static unsafe partial class CongruenceLoss
{
    private static readonly CongruenceOptions Paper = new();

    /// <summary>
    /// <c>Σ_i base_i + λ·w_i·D_i</c> (or its mean over valid rows), <c>w_i = α + β·[argmax z_old,i = y_i]</c>, and its gradient with respect
    /// to the new logits (Yan et al. 2021, eq. 4–9).
    /// </summary>
    /// <param name="newLogits">[rows × classes], row-major; rows = <c>labels.Length</c>.</param>
    /// <param name="oldLogits">[rows × classes], row-major; empty where there is no old model, which leaves the loss against the labels.</param>
    /// <param name="labels">[rows], each in [0, classes) or <see cref="CongruenceOptions.IgnoreIndex"/>.</param>
    /// <param name="classes">C, from 1 to 2²⁴.</param>
    /// <param name="options">What to compute; null for cross-entropy and FD-KL with the paper's weights.</param>
    /// <param name="gradient">[rows × classes], or empty; zero on ignored rows. May be exactly <paramref name="newLogits"/>'s memory, not otherwise overlap it.</param>
    /// <param name="perSample">[rows] <c>L_i</c>, 0 on ignored rows; or empty.</param>
    /// <param name="newPredictions">[rows] argmax of the new logits, −1 for a row with a NaN; or empty.</param>
    /// <param name="oldPredictions">[rows] the same of the old logits; or empty.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <param name="referenceLogits">[rows × classes], what ranks the classes of <see cref="CongruenceDistance.LogitDifference"/> with <see cref="RankBy.Reference"/>; empty otherwise.</param>
    /// <param name="classMap">
    /// Where the old model's classes are others: then oldLogits is [rows × <see cref="ClassMap.OldClasses"/>] and all else (labels, gradient, reference logits, predictions) is in new classes. Distances are over the shared
    /// classes: KL between softmaxes over these alone, the top K of LDI among them, no gradient of D elsewhere. The old model is right where the new class of its argmax over all its logits is the label; its predictions are
    /// reported in new classes, −1 (and among <see cref="FlipCounts.UndefinedOld"/>) where the predicted class is gone. A label that it did not know: <see cref="CongruenceOptions.UnknownLabels"/>. This costs a second
    /// pass over the shared classes and, where they do not lie side by side in both models' logits, a copy of them; row-sized memory is allocated, and blocks of 2²⁰ logits. Null, or the identity: none of that.
    /// </param>
    /// <exception cref="ArgumentException">A length does not fit, an output overlaps an input, or a distance or the old predictions are asked for without old logits, or reference logits are missing or of no use.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range (row and value are named; nothing has been written), or <paramref name="classes"/> is.</exception>
    public static CongruenceResult Evaluate(
        ReadOnlySpan<float> newLogits,
        ReadOnlySpan<float> oldLogits,
        ReadOnlySpan<int> labels,
        int classes,
        CongruenceOptions? options = null,
        Span<float> gradient = default,
        Span<float> perSample = default,
        Span<int> newPredictions = default,
        Span<int> oldPredictions = default,
        ComputeDevice? device = null,
        ReadOnlySpan<float> referenceLogits = default,
        ClassMap? classMap = null)
    {
        int rows = labels.Length;
        Check.Classes(classes);
        fixed (float* z = newLogits, old = oldLogits, reference = referenceLogits, g = gradient, values = perSample)
        fixed (int* y = labels, predictionsNew = newPredictions, predictionsOld = oldPredictions)
        {
            return Evaluate(
                options,
                new CongruenceOperands
                {
                    New = MatrixView<float>.Of(z, newLogits.Length, rows, classes, nameof(newLogits), Check.RowsOfLabels),
                    Old = Optional(old, oldLogits.Length, rows, classMap?.OldClasses ?? classes, nameof(oldLogits)),
                    Reference = referenceLogits.IsEmpty
                        ? new MatrixView<float>(default, 0, classes, classes)
                        : MatrixView<float>.Of(reference, referenceLogits.Length, rows, classes, nameof(referenceLogits), Check.RowsOfLabels),
                    Labels = new Block<int>(y, rows),
                    Gradient = Optional(g, gradient.Length, rows, classes, nameof(gradient)),
                    PerSample = new Block<float>(values, perSample.Length),
                    NewPredictions = new Block<int>(predictionsNew, newPredictions.Length),
                    OldPredictions = new Block<int>(predictionsOld, oldPredictions.Length),
                },
                classMap,
                device);
        }
    }

    /// <summary>The same over anyone's memory, with all checks: what every public entry comes to.</summary>
    internal static CongruenceResult Evaluate(CongruenceOptions? options, in CongruenceOperands memory, ClassMap? classMap, ComputeDevice? device)
    {
        options ??= Paper;
        memory.Validate(options, classMap);
        int rows = (int)memory.Labels.Length, classes = (int)memory.New.Columns;
        long valid = Check.Labels(memory.Labels, classes, options.IgnoreIndex);
        bool mapped = classMap is not null && !memory.Old.Data.IsEmpty && !classMap.IsIdentity;
        if (mapped) Check.NoGaps(memory.Gradient, "gradient");
        // Flips are counted from predictions then.
        int[] news = mapped && memory.NewPredictions.IsEmpty ? new int[rows] : [], olds = mapped && memory.OldPredictions.IsEmpty ? new int[rows] : [];
        fixed (int* own = news, ownOld = olds)
        {
            RowLossOperands operands = new()
            {
                Rows = rows,
                Classes = classes,
                New = memory.New.Data,
                LdNew = (int)memory.New.Ld,
                Old = memory.Old.Data,
                LdOld = (int)memory.Old.Ld,
                Reference = memory.Reference.Data,
                LdReference = (int)memory.Reference.Ld,
                Labels = memory.Labels,
                Gradient = memory.Gradient.Data,
                LdGradient = (int)memory.Gradient.Ld,
                Values = memory.PerSample,
                PredictionsNew = news.Length > 0 ? new Block<int>(own, rows) : memory.NewPredictions,
                PredictionsOld = olds.Length > 0 ? new Block<int>(ownOld, rows) : memory.OldPredictions,
            };
            IKernels kernels = (device ?? ComputeDevice.Default).Kernels;
            if (!mapped) return Evaluate(options, operands, valid, kernels);
            using var loss = new MappedLoss(options, classMap!, kernels, rows, hasGradient: !memory.Gradient.Data.IsEmpty);
            return loss.Evaluate(operands, valid);
        }
    }

    /// <summary>The same over device memory, already validated; <paramref name="validRows"/> is what a mean divides by.</summary>
    internal static CongruenceResult Evaluate(CongruenceOptions options, in RowLossOperands operands, long validRows, IKernels kernels)
    {
        bool mean = options.Reduction == LossReduction.Mean;
        return Result(options, kernels.RowLoss(KernelOptions(options, mean ? (float)(1.0 / Math.Max(1, validRows)) : 1f), operands));
    }

    /// <summary>The kernels' options.</summary>
    internal static RowLossOptions KernelOptions(CongruenceOptions options, float gradientScale) => new()
    {
        Base = (BaseLoss)options.Base,
        LabelSmoothing = options.LabelSmoothing,
        TargetScale = options.TargetScale,
        Distance = (OldDistance)options.Distance,
        DistanceWeight = options.DistanceWeight,
        Temperature = options.Temperature,
        TemperatureSquared = options.TemperatureSquared,
        TopK = options.TopK,
        RankBy = (RankSource)options.RankBy,
        Margin = options.Margin,
        Power = options.Power,
        OneSided = options.OneSided,
        ExcludeTrueClass = options.ExcludeTrueClass,
        FocalAlpha = options.FocalAlpha,
        FocalBeta = options.FocalBeta,
        IgnoreIndex = options.IgnoreIndex,
        GradientScale = gradientScale,
    };

    /// <summary>Means or sums out of the kernels' sums.</summary>
    internal static CongruenceResult Result(CongruenceOptions options, in RowLossSums sums)
    {
        double divisor = options.Reduction == LossReduction.Mean ? sums.ValidRows : 1;
        double weighted = sums.WeightedDistance / divisor, baseLoss = sums.Base / divisor;
        // λ = 0 takes an infinite distance out, but no NaN: as in each row.
        double pulled = options.DistanceWeight == 0 && !double.IsNaN(weighted) ? 0 : options.DistanceWeight * weighted;
        return new CongruenceResult(
            baseLoss + pulled,
            baseLoss,
            sums.Distance / divisor,
            weighted,
            sums.ValidRows,
            sums.UndefinedRows,
            new FlipCounts(sums.Flips));
    }

    private static MatrixView<float> Optional(float* pinned, int length, int rows, int columns, string name)
        => length == 0 ? default : MatrixView<float>.Of(pinned, length, rows, columns, name, Check.RowsOfLabels);
}
