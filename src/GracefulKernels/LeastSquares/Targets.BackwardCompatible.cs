namespace GracefulKernels;

public sealed partial class Targets
{
    /// <summary>
    /// Targets [n × (C + C_old)] of a network with a frozen old head (<see cref="Network.WithFrozenHead"/>): <c>‖W-outputs − αe_y‖² + λ_bct k²‖κ_old φ_lin + b_old − (a·e_y' + b)‖²</c>, y' the
    /// old class of y. Samples whose class the old model did not know have weight 0 on its outputs. One convex problem makes the new embedding compatible: the least-squares
    /// form of the influence loss (Shen et al. 2020, eq. 4).
    /// </summary>
    /// <remarks>
    /// An old head that was trained by cross-entropy has a scale of its own, and an offset that softmax does not see. <c>a·e_y' + b</c> is what fits its logits on these
    /// samples best in least squares: b is the mean of the logits of other classes, a that of the own class less b. <c>k = α/a</c> (<see cref="OldLogitsFactor"/>) brings its
    /// residuals to the units of the own head, so that λ_bct = 1 weighs both alike. Leave-one-out accuracies of such a problem are those of the argmax over all C + C_old
    /// outputs and mean nothing; its errors do.
    /// </remarks>
    /// <param name="labels">y [n], each in [0, C).</param>
    /// <param name="oldLogits">What the old model gives for the same samples, [n × C_old]; only its scale is used.</param>
    /// <param name="map">Old classes and new ones; <see cref="ClassMap.NewClasses"/> is C, <see cref="ClassMap.OldClasses"/> is C_old.</param>
    /// <param name="options">λ_bct and α.</param>
    /// <exception cref="ArgumentException">
    /// A shape does not fit, a label is out of range, a class has no sample, a logit is not finite, no sample has an old class, or the old logits do not favour it.
    /// </exception>
    public static Targets BackwardCompatible(ReadOnlySpan<int> labels, ReadOnlySpan<float> oldLogits, ClassMap map, BackwardCompatibleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        options ??= new BackwardCompatibleOptions();
        options.Validate(nameof(options));
        int own = map.NewClasses, old = map.OldClasses, width = checked(own + old);
        Check.Labels(labels, own, nameof(labels));
        if (!options.AllowEmptyClasses) Check.EveryClass(labels, own, nameof(labels));
        Check.Matrix(oldLogits.Length, labels.Length, old, nameof(oldLogits), "samples × old classes");
        Check.Finite(oldLogits, nameof(oldLogits));
        int[] oldLabels = map.OldLabels(labels);
        (double a, double b) = OldUnits(oldLabels, oldLogits, old);
        double k = options.Alpha / a;
        float weight = (float)(options.LambdaBct * k * k);
        float[] values = new float[(long)labels.Length * width], weights = new float[values.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            int row = i * width;
            values[row + labels[i]] = (float)options.Alpha;
            weights.AsSpan(row, own).Fill(1);
            if (oldLabels[i] < 0) continue;
            values.AsSpan(row + own, old).Fill((float)b);
            values[row + own + oldLabels[i]] = (float)(a + b);
            weights.AsSpan(row + own, old).Fill(weight);
        }
        return new Targets(values, labels.Length, width, weights) { Alpha = options.Alpha, OldLogitsFactor = k };
    }

    /// <summary>min over a, b of <c>Σ ‖z − a·e_y' − b‖²</c> over the samples with an old class; with one old class alone there is no other logit, and b is 0.</summary>
    private static (double A, double B) OldUnits(int[] oldLabels, ReadOnlySpan<float> oldLogits, int classes)
    {
        double right = 0, all = 0;
        long samples = 0;
        for (int i = 0; i < oldLabels.Length; i++)
        {
            if (oldLabels[i] < 0) continue;
            samples++;
            right += oldLogits[(i * classes) + oldLabels[i]];
            foreach (float z in oldLogits.Slice(i * classes, classes)) all += z;
        }
        if (samples == 0) throw new ArgumentException("No sample has a class that the old model knew: its outputs say nothing about these labels.", nameof(oldLogits));
        double b = classes == 1 ? 0 : (all - right) / (samples * (classes - 1.0)), a = (right / samples) - b;
        return a > 0 ? (a, b) : throw new ArgumentException($"oldLogits fit the old classes with the factor {a}; expected a positive one: the old model must be better than chance.", nameof(oldLogits));
    }
}
