namespace GracefulKernels;

/// <summary>
/// What the model would say of samples had it not been trained on them: exact refits in closed form, <c>e_i^loo = (I − J_i M J_iᵀ)⁻¹ e_i</c> with
/// <c>M = H⁻¹/n</c> and residuals <c>e = t − f</c> (rows scaled by √s where there are weights). The ridge keeps its absolute weight nλ: the refit is that of the same
/// sums and the same nλ without the sample. With 1/(n − k) in place of 1/n for k samples left out together, ask at <c>λ(n − k)/n</c>.
/// </summary>
public sealed class LeaveOneOut
{
    private readonly double[] _outputs;

    internal LeaveOneOut(Targets targets, int[] samples, double[] outputs)
    {
        Targets = targets;
        Samples = samples;
        _outputs = outputs;
        double loss = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            int row = (samples[i / targets.Classes] * targets.Classes) + (i % targets.Classes);
            double error = outputs[i] - targets.Values.Span[row];
            loss += (targets.Weights.IsEmpty ? 1 : targets.Weights.Span[row]) * error * error;
        }
        Loss = loss / (2.0 * samples.Length);
    }

    /// <summary>The samples that were asked for.</summary>
    public IReadOnlyList<int> Samples { get; }

    /// <summary>For each of them the outputs of the model fitted without it (and without the rest of its group), [samples × C].</summary>
    public ReadOnlyMemory<double> Outputs => _outputs;

    /// <summary><c>1/(2m) Σ s (f^loo − t)²</c> over the m samples: the data's part of L on samples not trained on.</summary>
    public double Loss { get; }

    internal Targets Targets { get; }

    /// <summary>Fraction of samples whose largest output is at the label.</summary>
    /// <param name="labels">Of all n samples; where empty, the place of the largest target (without what it stands on) is the label.</param>
    /// <exception cref="ArgumentException">There is not one label a sample, or one is out of range.</exception>
    public double Accuracy(ReadOnlySpan<int> labels = default) => Accuracy(Targets, [.. Samples], _outputs, labels);

    internal static double Accuracy(Targets targets, ReadOnlySpan<int> samples, ReadOnlySpan<double> outputs, ReadOnlySpan<int> labels)
    {
        int classes = targets.Classes, right = 0;
        ReadOnlySpan<float> baseline = targets.Baseline.Span;
        if (!labels.IsEmpty)
        {
            Check.Length(labels.Length, targets.Samples, nameof(labels), "samples");
            Check.Labels(labels, classes, nameof(labels));
        }
        for (int i = 0; i < samples.Length; i++)
        {
            int row = samples[i] * classes;
            int label = labels.IsEmpty ? LargestTarget(targets, samples[i]) : labels[samples[i]];
            if (baseline.IsEmpty)
            {
                if (Predicted.Of(outputs.Slice(i * classes, classes)) == label) right++;
                continue;
            }
            double[] own = new double[classes];
            for (int c = 0; c < classes; c++) own[c] = outputs[(i * classes) + c] - baseline[row + c];
            if (Predicted.Of<double>(own) == label) right++;
        }
        return (double)right / samples.Length;
    }

    /// <summary>The place of a sample's largest target, without what the targets stand on.</summary>
    internal static int LargestTarget(Targets targets, int sample)
    {
        int classes = targets.Classes, row = sample * classes;
        ReadOnlySpan<float> values = targets.Values.Span.Slice(row, classes);
        if (targets.Baseline.IsEmpty) return Predicted.Of(values);
        float[] own = values.ToArray();
        for (int c = 0; c < classes; c++) own[c] -= targets.Baseline.Span[row + c];
        return Predicted.Of<float>(own);
    }
}
