namespace GracefulKernels.Experiments.Protocol;

/// <summary>Errors of predictions.</summary>
internal static class Errors
{
    /// <summary>The part of samples whose largest output is not their label's, in per cent; of equal outputs the first counts.</summary>
    public static double Percent(ReadOnlySpan<float> outputs, ReadOnlySpan<int> labels)
    {
        int classes = outputs.Length / labels.Length, wrong = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> row = outputs.Slice(i * classes, classes);
            int best = 0;
            for (int c = 1; c < classes; c++)
            {
                if (row[c] > row[best]) best = c;
            }
            if (best != labels[i]) wrong++;
        }
        return 100.0 * wrong / labels.Length;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return double.NaN;
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
