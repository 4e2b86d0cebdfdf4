namespace GracefulKernels;

/// <summary>
/// What a least-squares problem is fitted to: targets t [n × C] and weights s [n × C] ≥ 0, or none for all ones. Made from labels, from labels and the logits of
/// an old model, or from anything.
/// </summary>
public sealed partial class Targets
{
    /// <summary>Arbitrary targets.</summary>
    /// <param name="values">t, [samples × classes].</param>
    /// <param name="samples">n.</param>
    /// <param name="classes">C.</param>
    /// <param name="weights">s: [samples × classes], or [samples] for one weight a sample, or empty for all ones.</param>
    /// <exception cref="ArgumentException">A shape does not fit, a number is not finite, or a weight is negative.</exception>
    public Targets(ReadOnlySpan<float> values, int samples, int classes, ReadOnlySpan<float> weights = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        Check.Positive(classes);
        Check.Matrix(values.Length, samples, classes, nameof(values), "samples × classes");
        Check.Finite(values, nameof(values));
        Samples = samples;
        Classes = classes;
        Values = values.ToArray();
        if (weights.IsEmpty) return;
        bool perSample = weights.Length == samples && classes > 1;
        CheckWeights(weights, samples, perSample ? 1 : classes, nameof(weights));
        float[] all = new float[values.Length];
        for (int i = 0; i < all.Length; i++) all[i] = weights[perSample ? i / classes : i];
        Weights = all;
    }

    /// <summary>n.</summary>
    public int Samples { get; }

    /// <summary>C.</summary>
    public int Classes { get; }

    /// <summary>t, [n × C].</summary>
    public ReadOnlyMemory<float> Values { get; }

    /// <summary>s, [n × C]; empty for all ones.</summary>
    public ReadOnlyMemory<float> Weights { get; }

    /// <summary>α, the scale of one-hot targets; NaN for arbitrary ones.</summary>
    public double Alpha { get; private init; } = double.NaN;

    /// <summary>What old logits were multiplied by: the least-squares factor onto αe_y, or 1.</summary>
    public double OldLogitsFactor { get; private init; } = 1;

    /// <summary>What belongs to the targets but not to the answers: <see cref="OnTopOf"/>; [n × C], empty for nothing.</summary>
    public ReadOnlyMemory<float> Baseline { get; private init; }

    /// <summary>
    /// The same targets for a model that is to begin at zero: <c>t + f0</c>, so that the residuals of <c>f0 + Jd</c> are those of <c>Jd</c> with t. Accuracies of left-out outputs are
    /// counted with f0 taken off.
    /// </summary>
    /// <remarks>
    /// A head that was fitted to the samples has seen each of them: with its f0 as the model's start, leave-one-out errors look better than they are, and the ridge pulls towards that head.
    /// This takes it off; the layers before it are still linearised through it.
    /// </remarks>
    /// <param name="f0">[n × C].</param>
    /// <exception cref="ArgumentException">The shape does not fit, a number is not finite, or the targets stand on something already.</exception>
    public Targets OnTopOf(ReadOnlySpan<float> f0)
    {
        Check.Matrix(f0.Length, Samples, Classes, nameof(f0), "samples × classes");
        Check.Finite(f0, nameof(f0));
        if (!Baseline.IsEmpty) throw new ArgumentException("The targets stand on top of other outputs already.", nameof(f0));
        float[] values = Values.ToArray();
        for (int i = 0; i < values.Length; i++) values[i] += f0[i];
        return new Targets(values, Samples, Classes, Weights.Span) { Alpha = Alpha, OldLogitsFactor = OldLogitsFactor, Baseline = f0.ToArray() };
    }

    /// <summary>The same with new weights: <paramref name="weights"/> [n × C], [n], or empty for all ones.</summary>
    /// <exception cref="ArgumentException">The shape does not fit, or a weight is negative or not finite.</exception>
    public Targets WithWeights(ReadOnlySpan<float> weights) => new(Values.Span, Samples, Classes, weights) { Alpha = Alpha, OldLogitsFactor = OldLogitsFactor, Baseline = Baseline };

    /// <summary><c>t_i = α·e_{y_i}</c>, s = 1 (LQF §3; α = 15).</summary>
    /// <param name="labels">[n], each in [0, <paramref name="classes"/>).</param>
    /// <param name="classes">C.</param>
    /// <param name="alpha">α &gt; 0.</param>
    /// <param name="allowEmptyClasses">Whether a class may be without samples: all that the problem knows of it is 0, so its output is unlearned.</param>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range, or α is not positive.</exception>
    /// <exception cref="ArgumentException">A class has no sample; the message names it.</exception>
    public static Targets OneHot(ReadOnlySpan<int> labels, int classes, double alpha = 15, bool allowEmptyClasses = false)
    {
        Check.Positive(classes);
        Check.Labels(labels, classes, nameof(labels));
        Check.Positive(alpha, nameof(alpha));
        if (!allowEmptyClasses) Check.EveryClass(labels, classes, nameof(labels));
        float[] values = new float[(long)labels.Length * classes];
        for (int i = 0; i < labels.Length; i++) values[(i * classes) + labels[i]] = (float)alpha;
        return new Targets(values, labels.Length, classes) { Alpha = alpha };
    }

    /// <summary><c>t_i = α·(e_{y_i} − 1/C)</c>, s = 1: one-hot targets without their mean over classes, for a model that begins at zero.</summary>
    /// <inheritdoc cref="OneHot"/>
    public static Targets CenteredOneHot(ReadOnlySpan<int> labels, int classes, double alpha = 15, bool allowEmptyClasses = false)
    {
        Targets oneHot = OneHot(labels, classes, alpha, allowEmptyClasses);
        float[] values = oneHot.Values.ToArray();
        for (int i = 0; i < values.Length; i++) values[i] = (float)(values[i] - (alpha / classes));
        return new Targets(values, labels.Length, classes) { Alpha = alpha };
    }

    /// <summary>
    /// The positive-congruent blend: <c>‖f − αe_y‖² + λ_pc w_i ‖f − z_old‖² = s_i ‖f − t_i‖² + const</c> with <c>s_i = 1 + λ_pc w_i</c>,
    /// <c>t_i = (αe_y + λ_pc w_i z_old,i)/s_i</c> and the focal weight <c>w_i = a + b·[argmax z_old,i = y_i]</c> (Yan et al. 2021, eq. 6 and 9, with FD-LM).
    /// </summary>
    /// <param name="labels">[n].</param>
    /// <param name="oldLogits">z_old, [n × C].</param>
    /// <param name="options">λ_pc, focal weights, α, and whether z_old is brought to the scale of the targets first.</param>
    /// <param name="map">
    /// Where the old model's classes are others: then oldLogits is [n × C_old] and labels are new classes. λ_pc w_i acts on the shared classes only, <c>s_ic = 1</c> and <c>t_ic = αe_y</c> on the others; the old
    /// model is right where the new class of its argmax over all its logits is the label. Null where both have the same classes.
    /// </param>
    /// <exception cref="ArgumentException">A shape does not fit, a label is out of range, a class has no sample, a logit is not finite, or an option is negative.</exception>
    public static Targets PositiveCongruent(ReadOnlySpan<int> labels, ReadOnlySpan<float> oldLogits, PositiveCongruentOptions? options = null, ClassMap? map = null)
    {
        options ??= new PositiveCongruentOptions();
        options.Validate(nameof(options));
        if (labels.Length == 0 || oldLogits.Length % labels.Length != 0 || oldLogits.Length == 0)
        {
            throw new ArgumentException($"oldLogits has {oldLogits.Length} elements; expected [{labels.Length} × C] (rows = labels.Length).", nameof(oldLogits));
        }
        int oldClasses = oldLogits.Length / labels.Length;
        map ??= ClassMap.Grown(oldClasses, oldClasses);
        if (map.OldClasses != oldClasses)
        {
            throw new ArgumentException($"oldLogits is [{labels.Length} × {oldClasses}]; expected [{labels.Length} × {map.OldClasses}] (rows = labels.Length, the map's old classes).", nameof(oldLogits));
        }
        int classes = map.NewClasses;
        Check.Labels(labels, classes, nameof(labels));
        if (!options.AllowEmptyClasses) Check.EveryClass(labels, classes, nameof(labels));
        Check.Finite(oldLogits, nameof(oldLogits));
        // Without a shared class there is nothing to scale, and nothing to follow.
        double factor = options.RescaleOldLogits && map.Shared > 0 ? Factor(labels, oldLogits, map, options.Alpha) : 1;
        float[] values = new float[(long)labels.Length * classes], weights = new float[values.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> old = oldLogits.Slice(i * oldClasses, oldClasses);
            double weight = options.FocalAlpha + (map.NewOfOld[Predicted.Of(old)] == labels[i] ? options.FocalBeta : 0);
            if (options.UnknownLabels == UnknownLabelPolicy.Exclude && map.OldOfNew[labels[i]] < 0) weight = 0;
            for (int c = 0; c < classes; c++)
            {
                int oldClass = map.OldOfNew[c], at = (i * classes) + c;
                double pull = oldClass < 0 ? 0 : options.LambdaPc * weight, s = 1 + pull;
                weights[at] = (float)s;
                values[at] = (float)(((c == labels[i] ? options.Alpha : 0) + (oldClass < 0 ? 0 : pull * factor * old[oldClass])) / s);
            }
        }
        return new Targets(values, labels.Length, classes, weights) { Alpha = options.Alpha, OldLogitsFactor = factor };
    }

    /// <summary>The targets and weights of these samples, in this order; one may come several times.</summary>
    internal Targets Taken(int[] samples)
    {
        float[] values = new float[(long)samples.Length * Classes], weights = new float[Weights.IsEmpty ? 0 : values.Length];
        for (int i = 0; i < samples.Length; i++)
        {
            int from = samples[i] * Classes, to = i * Classes;
            Values.Span.Slice(from, Classes).CopyTo(values.AsSpan(to));
            if (weights.Length > 0) Weights.Span.Slice(from, Classes).CopyTo(weights.AsSpan(to));
        }
        return new Targets(values, samples.Length, Classes, weights) { Alpha = Alpha, OldLogitsFactor = OldLogitsFactor };
    }

    /// <summary>Those of some samples.</summary>
    internal Targets Part(int[] samples)
    {
        return new Targets(Rows(Values.Span), samples.Length, Classes, Rows(Weights.Span)) { Alpha = Alpha, OldLogitsFactor = OldLogitsFactor, Baseline = Rows(Baseline.Span) };

        float[] Rows(ReadOnlySpan<float> matrix)
        {
            if (matrix.IsEmpty) return [];
            float[] rows = new float[samples.Length * Classes];
            for (int i = 0; i < samples.Length; i++) matrix.Slice(samples[i] * Classes, Classes).CopyTo(rows.AsSpan(i * Classes));
            return rows;
        }
    }

    internal static void CheckWeights(ReadOnlySpan<float> weights, int samples, int columns, string name)
    {
        Check.Matrix(weights.Length, samples, columns, name, columns == 1 ? "samples" : "samples × classes");
        Check.Finite(weights, name);
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] < 0) throw new ArgumentException($"{name}[{i}] is {weights[i]}; every weight must be at least 0.", name);
        }
    }

    /// <summary>min over k of Σ ‖k z − αe_y‖² over the shared classes: k = α Σ z_y / Σ ‖z‖².</summary>
    private static double Factor(ReadOnlySpan<int> labels, ReadOnlySpan<float> oldLogits, ClassMap map, double alpha)
    {
        double right = 0, norm = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> old = oldLogits.Slice(i * map.OldClasses, map.OldClasses);
            if (map.OldOfNew[labels[i]] is >= 0 and int known) right += old[known];
            for (int c = 0; c < old.Length; c++) norm += map.NewOfOld[c] < 0 ? 0 : (double)old[c] * old[c];
        }
        double factor = alpha * right / norm;
        // A factor that is not positive would turn the old model's predictions around.
        return factor > 0 && double.IsFinite(factor)
            ? factor
            : throw new ArgumentException($"oldLogits fit the labels with the factor {factor}; expected a positive one. Set RescaleOldLogits to false to use them as they are.", nameof(oldLogits));
    }
}
