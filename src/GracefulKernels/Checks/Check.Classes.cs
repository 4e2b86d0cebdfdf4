namespace GracefulKernels;

/// <summary>Labels and predictions.</summary>
internal static partial class Check
{
    /// <summary>What the rows of the losses' and the flip counts' operands are.</summary>
    public const string RowsOfLabels = "rows = labels.Length";

    /// <summary>Class numbers pass through fp32 lanes, which hold whole numbers up to here.</summary>
    private const int MaxClasses = 1 << 24;

    public static void Classes(long classes)
    {
        if (classes is < 1 or > MaxClasses)
        {
            throw new ArgumentOutOfRangeException(nameof(classes), classes, $"classes is {classes}; expected 1 to {MaxClasses}.");
        }
    }

    public static void Labels(ReadOnlySpan<int> labels, int classes, string name)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes)
            {
                throw new ArgumentOutOfRangeException(name, labels[i], $"{name}[{i}] is {labels[i]}; expected a class in [0, {classes}).");
            }
        }
    }

    /// <summary>Throws for a class that no label names: a squared loss would pull its output to 0.</summary>
    /// <param name="labels">Each in [0, <paramref name="classes"/>).</param>
    public static void EveryClass(ReadOnlySpan<int> labels, int classes, string name)
    {
        bool[] seen = new bool[classes];
        foreach (int label in labels) seen[label] = true;
        int[] empty = [.. Enumerable.Range(0, classes).Where(c => !seen[c])];
        if (empty.Length == 0) return;
        const int Shown = 10;
        string which = $"{string.Join(", ", empty.Take(Shown))}{(empty.Length > Shown ? $" and {empty.Length - Shown} more" : "")}";
        throw new ArgumentException(
            $"{name} has no sample of class {which} (of {classes}): a squared loss would pull that output to 0. Leave the class out, or allow empty classes.", name);
    }

    /// <summary>Returns how many labels are not <paramref name="ignoreIndex"/>, which is tested before the range.</summary>
    /// <param name="first">Number of the first row, for messages.</param>
    public static long Labels(ReadOnlySpan<int> labels, int classes, int ignoreIndex, long first = 0)
    {
        long valid = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            int label = labels[i];
            if (label == ignoreIndex) continue;
            if ((uint)label >= (uint)classes)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(labels), label, $"labels[{first + i}] is {label}; expected 0 to {classes - 1}, or {ignoreIndex} for a row to leave out.");
            }
            valid++;
        }
        return valid;
    }

    /// <summary>A prediction is a class, or negative where there is none.</summary>
    /// <param name="first">Number of the first one, for messages.</param>
    public static void Predictions(ReadOnlySpan<int> predictions, int classes, string name, long first = 0)
    {
        for (int i = 0; i < predictions.Length; i++)
        {
            if (predictions[i] >= classes)
            {
                throw new ArgumentOutOfRangeException(
                    name, predictions[i], $"{name}[{first + i}] is {predictions[i]}; expected at most {classes - 1}, or a negative number for no prediction.");
            }
        }
    }
}
