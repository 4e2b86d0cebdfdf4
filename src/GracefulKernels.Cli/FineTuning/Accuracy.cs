namespace GracefulKernels.Cli.FineTuning;

/// <summary>The share of samples whose largest output is at their label.</summary>
internal static class Accuracy
{
    public static double Of(ReadOnlySpan<float> outputs, int[] labels)
    {
        int classes = outputs.Length / Math.Max(1, labels.Length), right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            if (Argmax(outputs.Slice(i * classes, classes)) == labels[i]) right++;
        }
        return (double)right / labels.Length;
    }

    /// <summary>The lowest index among equals.</summary>
    public static int Argmax(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int c = 1; c < row.Length; c++)
        {
            if (row[c] > row[best]) best = c;
        }
        return best;
    }
}
