namespace GracefulKernels;

/// <summary>
/// Several old models as one: the mean of their logits. A single model's accidents average out, so that an update follows what old models agree on (Zhao et al. 2022, ELODI).
/// </summary>
public static class OldEnsemble
{
    /// <summary><c>mean[i] = 1/m Σ_k models[k][i]</c>: summed in fp64 in the order of models, rounded once.</summary>
    /// <param name="models">The logits of m ≥ 1 models, each [rows × classes].</param>
    /// <exception cref="ArgumentException">There is no model, or their lengths differ.</exception>
    public static float[] MeanLogits(params IReadOnlyList<float[]> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        if (models.Count == 0) throw new ArgumentException("models is empty; expected the logits of at least one.", nameof(models));
        int length = models[0].Length;
        for (int k = 1; k < models.Count; k++)
        {
            if (models[k].Length != length) throw new ArgumentException($"models[{k}] is [{models[k].Length}]; expected [{length}], as models[0].", nameof(models));
        }
        float[] mean = new float[length];
        for (int i = 0; i < length; i++)
        {
            double sum = 0;
            for (int k = 0; k < models.Count; k++) sum += models[k][i];
            mean[i] = (float)(sum / models.Count);
        }
        return mean;
    }

    /// <summary>The same of logits that lie behind each other.</summary>
    /// <param name="stacked">[models × rows × classes], row-major.</param>
    /// <param name="models">m ≥ 1.</param>
    /// <param name="mean">[rows × classes]; may be the beginning of <paramref name="stacked"/>, not otherwise overlap it.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or mean overlaps what is still to be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no model.</exception>
    public static void MeanLogits(ReadOnlySpan<float> stacked, int models, Span<float> mean)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(models, 1);
        if (stacked.Length != (long)models * mean.Length)
        {
            throw new ArgumentException($"stacked is [{stacked.Length}]; expected [{models} × {mean.Length}] (models × mean.Length).", nameof(stacked));
        }
        if (mean.Overlaps(stacked, out int offset) && offset != 0) throw new ArgumentException("mean overlaps stacked without being its beginning.", nameof(mean));
        for (int i = 0; i < mean.Length; i++)
        {
            double sum = 0;
            for (int k = 0; k < models; k++) sum += stacked[(k * mean.Length) + i];
            mean[i] = (float)(sum / models);
        }
    }
}
