namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>Argmax of each row: the lowest index among equals, −1 where the row holds a NaN.</summary>
    void Argmax(int rows, int classes, int ld, Block<float> logits, Block<int> predictions);

    /// <summary>
    /// Flips from logits; each logit is read once. <paramref name="perClass"/> is empty or [classes × 7] of int64, to which the
    /// seven counts of each label are added in the order of <see cref="FlipTable"/>. A label of <paramref name="ignoreIndex"/>
    /// takes its row out.
    /// </summary>
    FlipTable FlipsFromLogits(
        int rows,
        int classes,
        Block<float> oldLogits,
        int ldOld,
        Block<float> newLogits,
        int ldNew,
        Block<int> labels,
        int ignoreIndex,
        Block<long> perClass);

    /// <summary>Flips from predictions; a negative prediction is never right.</summary>
    FlipTable FlipsFromPredictions(
        long rows,
        Block<int> oldPredictions,
        Block<int> newPredictions,
        Block<int> labels,
        int ignoreIndex,
        int classes,
        Block<long> perClass);

    /// <summary>
    /// Bit i of <paramref name="bits"/> (ceil(rows / 64) words, little end first, zeros behind) = prediction i is right and its
    /// label is not
    /// <paramref name="ignoreIndex"/>.
    /// </summary>
    void PackCorrect(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, Block<ulong> bits);

    /// <summary>
    /// <c>counts[a, b] = popcount(bits_a ∧ ¬bits_b)</c>: negative flips from model a to model b, int64 [models × models], from
    /// packed bits [models × words].
    /// </summary>
    void PairwiseFlips(int models, long words, Block<ulong> bits, Block<long> counts);

    /// <summary>
    /// Bit i of plane p of <paramref name="bits"/> ([planes × ceil(rows / 64)] words, zeros behind) = bit p of prediction i;
    /// zeros where its label is <paramref name="ignoreIndex"/>. With enough planes for the largest prediction (32 for any)
    /// equal bits are equal predictions.
    /// </summary>
    void PackPredictions(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, int planes, Block<ulong> bits);

    /// <summary>
    /// <c>counts[a, b]</c> = samples whose predictions by models a and b differ, int64 [models × models], from bit planes
    /// [models × planes × words].
    /// </summary>
    void PairwiseDiffer(int models, int planes, long words, Block<ulong> bits, Block<long> counts);
}
