using System.Numerics;

namespace GracefulKernels;

/// <summary>What a row of outputs predicts.</summary>
internal static class Predicted
{
    /// <summary>The place of the largest element, the lowest among equals.</summary>
    public static int Of<T>(ReadOnlySpan<T> row) where T : IComparisonOperators<T, T, bool>
    {
        int best = 0;
        for (int c = 1; c < row.Length; c++)
        {
            if (row[c] > row[best]) best = c;
        }
        return best;
    }

    /// <summary>The number of samples whose largest output is at their label.</summary>
    /// <param name="outputs">[n × C].</param>
    /// <param name="labels">[n].</param>
    public static int Right(ReadOnlySpan<float> outputs, ReadOnlySpan<int> labels)
    {
        int classes = outputs.Length / Math.Max(1, labels.Length), right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            if (Of(outputs.Slice(i * classes, classes)) == labels[i]) right++;
        }
        return right;
    }

    /// <summary>The share of them.</summary>
    public static double Accuracy(ReadOnlySpan<float> outputs, ReadOnlySpan<int> labels) => (double)Right(outputs, labels) / labels.Length;
}
