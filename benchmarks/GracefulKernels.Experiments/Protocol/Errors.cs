namespace GracefulKernels.Experiments.Protocol;

/// <summary>Errors of predictions.</summary>
internal static class Errors
{
    /// <summary>The part of samples whose largest output is not their label's, in per cent; of equal outputs the first counts.</summary>
    public static double Percent(ReadOnlySpan<float> outputs, ReadOnlySpan<int> labels)
        => 100.0 * (labels.Length - Predicted.Right(outputs, labels)) / labels.Length;

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return double.NaN;
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
