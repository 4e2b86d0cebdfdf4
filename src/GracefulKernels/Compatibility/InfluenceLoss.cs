using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The loss of backward-compatible training: new embeddings must also be classified by the old model's frozen head, so that they can be searched in a gallery of old embeddings
/// without computing that again (Shen et al., "Towards Backward-Compatible Representation Learning", CVPR 2020, eq. 6).
/// </summary>
public static unsafe class InfluenceLoss
{
    /// <summary>
    /// As the other form, with old labels <c>y' = map(y)</c>: rows whose class the old model did not know are out of its loss.
    /// </summary>
    /// <param name="embeddings">φ(x) [rows × own.Features], row-major; rows = <c>labels.Length</c>.</param>
    /// <param name="labels">y [rows], each in [0, own.Classes) or <see cref="InfluenceOptions.IgnoreIndex"/>.</param>
    /// <param name="own">κ_new.</param>
    /// <param name="old">κ_old; its classes and features may be other numbers.</param>
    /// <param name="map">From the classes of <paramref name="old"/> to those of <paramref name="own"/>; null where they are the same.</param>
    /// <param name="options">null for λ = 1 and means.</param>
    /// <param name="embeddingGradient">[rows × own.Features] of the sum of both losses, or empty.</param>
    /// <param name="weightGradient">[own.Classes × own.Features], or empty.</param>
    /// <param name="biasGradient">[own.Classes], or empty.</param>
    /// <param name="ownPerSample">[rows] cross-entropies under the new head, 0 on ignored rows; or empty.</param>
    /// <param name="influencePerSample">[rows] those under the old head, without λ, 0 on rows without an old class; or empty.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit, a head is empty, an output overlaps anything else, or the map is of other numbers of classes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range; row and value are named, nothing has been written.</exception>
    public static InfluenceResult Evaluate(
        ReadOnlySpan<float> embeddings,
        ReadOnlySpan<int> labels,
        ClassifierHead own,
        ClassifierHead old,
        ClassMap? map = null,
        InfluenceOptions? options = null,
        Span<float> embeddingGradient = default,
        Span<float> weightGradient = default,
        Span<float> biasGradient = default,
        Span<float> ownPerSample = default,
        Span<float> influencePerSample = default,
        ComputeDevice? device = null)
    {
        options ??= new InfluenceOptions();
        LinearCrossEntropy.CheckHead(own, nameof(own));
        LinearCrossEntropy.CheckHead(old, nameof(old));
        if (map is null && own.Classes != old.Classes)
        {
            throw new ArgumentException($"map is null, but own has {own.Classes} classes and old {old.Classes}; expected the map from old to new classes.", nameof(map));
        }
        if (map is not null && (map.NewClasses != own.Classes || map.OldClasses != old.Classes))
        {
            throw new ArgumentException(
                $"map is from {map.OldClasses} to {map.NewClasses} classes; expected from {old.Classes} (old) to {own.Classes} (own).", nameof(map));
        }
        ReadOnlySpan<int> oldLabels = map is null ? labels : map.OldLabels(labels, options.IgnoreIndex);
        return Evaluate(
            embeddings, labels, oldLabels, own, old, options, embeddingGradient, weightGradient, biasGradient, ownPerSample, influencePerSample, device);
    }

    /// <summary>
    /// <c>mean_i CE(κ_new φ(x_i), y_i) + λ·mean_j CE(κ_old φ(x_j), y'_j)</c>, j over the rows that have an old label y', and its gradients; κ_old is frozen and has none.
    /// An old head narrower than the embeddings sees their leading columns; a wider one sees them padded with zeros.
    /// </summary>
    /// <param name="embeddings">φ(x) [rows × own.Features], row-major; rows = <c>labels.Length</c>.</param>
    /// <param name="labels">y [rows], each in [0, own.Classes) or <see cref="InfluenceOptions.IgnoreIndex"/>, which takes the row out of both losses.</param>
    /// <param name="oldLabels">y' [rows], each in [0, old.Classes) or the ignore index for a row without one.</param>
    /// <param name="own">κ_new.</param>
    /// <param name="old">κ_old; its classes and features may be other numbers.</param>
    /// <param name="options">null for λ = 1 and means.</param>
    /// <param name="embeddingGradient">[rows × own.Features] of the sum of both losses, or empty.</param>
    /// <param name="weightGradient">[own.Classes × own.Features], or empty.</param>
    /// <param name="biasGradient">[own.Classes], or empty.</param>
    /// <param name="ownPerSample">[rows] cross-entropies under the new head, 0 on ignored rows; or empty.</param>
    /// <param name="influencePerSample">[rows] those under the old head, without λ, 0 on rows without an old label; or empty.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit, a head is empty, or an output overlaps anything else.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range; row and value are named, nothing has been written.</exception>
    public static InfluenceResult Evaluate(
        ReadOnlySpan<float> embeddings,
        ReadOnlySpan<int> labels,
        ReadOnlySpan<int> oldLabels,
        ClassifierHead own,
        ClassifierHead old,
        InfluenceOptions? options = null,
        Span<float> embeddingGradient = default,
        Span<float> weightGradient = default,
        Span<float> biasGradient = default,
        Span<float> ownPerSample = default,
        Span<float> influencePerSample = default,
        ComputeDevice? device = null)
    {
        options ??= new InfluenceOptions();
        int rows = labels.Length;
        LinearCrossEntropy.CheckHead(own, nameof(own));
        LinearCrossEntropy.CheckHead(old, nameof(old));
        Check.Length(oldLabels.Length, rows, nameof(oldLabels), Check.RowsOfLabels);
        if (!ownPerSample.IsEmpty) Check.Length(ownPerSample.Length, rows, nameof(ownPerSample), Check.RowsOfLabels);
        if (!influencePerSample.IsEmpty) Check.Length(influencePerSample.Length, rows, nameof(influencePerSample), Check.RowsOfLabels);
        fixed (float* e = embeddings, de = embeddingGradient, dw = weightGradient, db = biasGradient, values = ownPerSample, oldValues = influencePerSample)
        fixed (float* w = own.Weight, b = own.Bias, oldW = old.Weight, oldB = old.Bias)
        fixed (int* y = labels)
        {
            LinearCrossEntropyOperands memory = LinearCrossEntropy.Operands(e, embeddings.Length, y, rows, own, w, b) with
            {
                EmbeddingGradient = LinearCrossEntropy.Optional(de, embeddingGradient.Length, rows, own.Features, nameof(embeddingGradient), Check.RowsOfLabels),
                WeightGradient = LinearCrossEntropy.Optional(dw, weightGradient.Length, own.Classes, own.Features, nameof(weightGradient), "classes × features of the head"),
                BiasGradient = new Block<float>(db, biasGradient.Length),
                PerSample = new Block<float>(values, ownPerSample.Length),
            };
            MatrixView<float> oldWeight = MatrixView<float>.Of(oldW, old.Weight.Length, old.Classes, old.Features, nameof(old), "classes × features");
            var influence = new Block<float>(oldValues, influencePerSample.Length);
            CheckApart(memory, oldWeight, new Block<float>(oldB, old.Bias.Length), influence);
            long valid = Check.Labels(labels, own.Classes, options.IgnoreIndex);
            long mapped = MappedRows(labels, oldLabels, old.Classes, options.IgnoreIndex, out bool isIgnoredAlone);
            // An ignored label takes its row out of both.
            if (isIgnoredAlone) oldLabels = Without(labels, oldLabels, options.IgnoreIndex);
            fixed (int* oldY = oldLabels)
            {
                return Evaluate(options, memory, oldWeight, new Block<float>(oldB, old.Bias.Length), new Block<int>(oldY, rows), influence, valid, mapped, device);
            }
        }
    }

    private static InfluenceResult Evaluate(
        InfluenceOptions options,
        in LinearCrossEntropyOperands memory,
        MatrixView<float> oldWeight,
        Block<float> oldBias,
        Block<int> oldLabels,
        Block<float> oldValues,
        long valid,
        long mapped,
        ComputeDevice? device)
    {
        bool mean = options.Reduction == LossReduction.Mean;
        IKernels kernels = (device ?? ComputeDevice.Default).Kernels;
        LinearLossOptions plain = new() { IgnoreIndex = options.IgnoreIndex, GradientScale = mean ? (float)(1.0 / Math.Max(1, valid)) : 1f };
        LinearLossOperands operands = memory.ToKernel();
        LinearLossSums ofOwn = kernels.LinearCrossEntropy(plain, operands);
        // What is beyond the narrower of the two widths meets zeros on the other side.
        LinearLossSums ofOld = kernels.LinearCrossEntropy(
            plain with { GradientScale = options.Influence * (mean ? (float)(1.0 / Math.Max(1, mapped)) : 1f), AddToEmbeddings = true },
            operands with
            {
                Features = (int)Math.Min(memory.Weight.Columns, oldWeight.Columns),
                Classes = (int)oldWeight.Rows,
                Weight = oldWeight.Data,
                LdWeight = (int)oldWeight.Columns,
                Bias = oldBias,
                Labels = oldLabels,
                // λ = 0: no 0·∞ from a head that has no say.
                EmbeddingGradient = options.Influence == 0 ? default : operands.EmbeddingGradient,
                WeightGradient = default,
                BiasGradient = default,
                Values = oldValues,
            });
        return Result(options, ofOwn, ofOld);
    }

    private static InfluenceResult Result(InfluenceOptions options, LinearLossSums own, LinearLossSums old)
    {
        bool mean = options.Reduction == LossReduction.Mean;
        double ofOwn = mean ? own.Loss / own.ValidRows : own.Loss, ofOld = mean ? old.Loss / old.ValidRows : old.Loss;
        double pulled = old.ValidRows == 0 || options.Influence == 0 ? 0 : options.Influence * ofOld;
        return new InfluenceResult(ofOwn + pulled, ofOwn, ofOld, own.ValidRows, old.ValidRows, own.UndefinedRows, old.UndefinedRows);
    }

    /// <summary>Checks the old labels. <paramref name="isIgnoredAlone"/>: some row has one though its label is ignored.</summary>
    private static long MappedRows(ReadOnlySpan<int> labels, ReadOnlySpan<int> oldLabels, int classes, int ignoreIndex, out bool isIgnoredAlone)
    {
        long mapped = 0;
        isIgnoredAlone = false;
        for (int i = 0; i < oldLabels.Length; i++)
        {
            int label = oldLabels[i];
            if (label == ignoreIndex) continue;
            if ((uint)label >= (uint)classes)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(oldLabels), label, $"oldLabels[{i}] is {label}; expected 0 to {classes - 1}, or {ignoreIndex} for a row without an old class.");
            }
            if (labels[i] == ignoreIndex) isIgnoredAlone = true;
            else mapped++;
        }
        return mapped;
    }

    private static int[] Without(ReadOnlySpan<int> labels, ReadOnlySpan<int> oldLabels, int ignoreIndex)
    {
        int[] kept = oldLabels.ToArray();
        for (int i = 0; i < kept.Length; i++)
        {
            if (labels[i] == ignoreIndex) kept[i] = ignoreIndex;
        }
        return kept;
    }

    /// <summary>Outputs overlap no input, the old head's among them, and not each other.</summary>
    private static void CheckApart(in LinearCrossEntropyOperands memory, MatrixView<float> oldWeight, Block<float> oldBias, Block<float> influence)
    {
        memory.Validate();
        LinearCrossEntropyOperands ofOld = memory with { Weight = oldWeight, Bias = oldBias };
        ofOld.ValidateApart("ownPerSample");
        (memory with { PerSample = influence }).ValidateApart("influencePerSample");
        (ofOld with { PerSample = influence }).ValidateApart("influencePerSample");
        Check.Apart(Extent.Of(memory.PerSample), Extent.Of(influence), "ownPerSample", "influencePerSample");
    }
}
