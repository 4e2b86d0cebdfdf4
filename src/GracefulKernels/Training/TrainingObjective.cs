using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// What a training minimises: the mean over samples of a loss of the network's outputs. It holds whatever belongs to each sample (labels, the logits of an old model), in the order of
/// the images, and serves any number of trainings.
/// </summary>
public abstract partial class TrainingObjective
{
    private protected TrainingObjective(int samples) => Samples = samples;

    /// <summary>n, the samples that it has labels for.</summary>
    public int Samples { get; }

    /// <summary>A loss a thousand times above the larger of this and the first one is divergence.</summary>
    /// <param name="outputs">Of the network.</param>
    internal abstract double Sane(int outputs);

    /// <summary>Cross-entropy in nats, with label smoothing.</summary>
    /// <param name="labels">[n], each in [0, C).</param>
    /// <param name="labelSmoothing">ε in [0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is out of range.</exception>
    public static TrainingObjective CrossEntropy(ReadOnlySpan<int> labels, double labelSmoothing = 0)
    {
        if (!(labelSmoothing >= 0 && labelSmoothing < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, $"labelSmoothing is {labelSmoothing}; expected a number in [0, 1).");
        }
        return new CrossEntropyObjective(labels.ToArray(), labelSmoothing);
    }

    /// <summary>
    /// Positive-congruent training (Yan et al. 2021, eq. 4–9): <c>base_i + λ·w_i·D(z_i, z_old,i)</c>, <c>w_i = α + β·[argmax z_old,i = y_i]</c>. A step takes the mean over the rows of
    /// its batch that are not ignored, whatever <see cref="CongruenceOptions.Reduction"/> says.
    /// </summary>
    /// <param name="labels">[n], each in [0, C) or <see cref="CongruenceOptions.IgnoreIndex"/>.</param>
    /// <param name="oldLogits">[n × C] of the old model on the same images in the same order, computed once; the mean of the logits where the old side is several models (<see cref="OldEnsemble"/>).</param>
    /// <param name="options">Base loss, distance and focal weights; null for cross-entropy and FD-KL with the paper's weights.</param>
    /// <param name="classMap">Where the old model's classes are others: then the old logits are [n × <see cref="ClassMap.OldClasses"/>], and a batch goes through host memory. See <see cref="CongruenceLoss"/>.</param>
    /// <param name="referenceLogits">[n × C], what ranks the classes of <see cref="CongruenceDistance.LogitDifference"/> with <see cref="RankBy.Reference"/>; empty otherwise.</param>
    /// <exception cref="ArgumentException">Old or reference logits are no whole number of columns for the labels or not finite, or reference logits are missing or of no use.</exception>
    public static TrainingObjective PositiveCongruent(
        ReadOnlySpan<int> labels, ReadOnlySpan<float> oldLogits, CongruenceOptions? options = null, ClassMap? classMap = null, ReadOnlySpan<float> referenceLogits = default)
    {
        options ??= new CongruenceOptions();
        CheckLogits(oldLogits, labels.Length, nameof(oldLogits));
        bool ranked = options is { Distance: CongruenceDistance.LogitDifference, RankBy: RankBy.Reference };
        if (ranked) CheckLogits(referenceLogits, labels.Length, nameof(referenceLogits));
        else if (!referenceLogits.IsEmpty)
        {
            throw new ArgumentException($"referenceLogits has {referenceLogits.Length} elements; expected none but for LogitDifference ranked by Reference.", nameof(referenceLogits));
        }
        return new PositiveCongruentObjective(labels.ToArray(), oldLogits.ToArray(), referenceLogits.ToArray(), options, classMap is { IsIdentity: true } ? null : classMap);
    }

    /// <summary>Throws where labels or old logits do not fit the outputs of the network.</summary>
    /// <param name="outputs">Of the network.</param>
    /// <exception cref="ArgumentException">The parameter is the one that the factory was given.</exception>
    internal abstract void Expect(int outputs);

    /// <summary>All that the bits of a run hang on; first "objective", its kind.</summary>
    internal abstract void AddTo(RunFingerprint print);

    /// <param name="kernels">Where the outputs are.</param>
    /// <param name="outputs">Of the network.</param>
    /// <param name="capacity">Samples of the largest batch.</param>
    internal abstract BatchObjective On(IKernels kernels, int outputs, int capacity);

    private static void CheckLogits(ReadOnlySpan<float> logits, int samples, string name)
    {
        if (samples == 0 || logits.IsEmpty || logits.Length % samples != 0)
        {
            throw new ArgumentException($"{name} has {logits.Length} elements; expected [{samples} × C] ({Check.RowsOfLabels}).", name);
        }
        Check.Finite(logits, name);
    }
}
