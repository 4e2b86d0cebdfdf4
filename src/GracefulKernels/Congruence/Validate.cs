namespace GracefulKernels;

/// <summary>Checks of the spans that enter the losses and the flip counts: after them, kernels trust every index.</summary>
internal static class Validate
{
    /// <summary>Class numbers pass through fp32 lanes, which hold whole numbers up to here.</summary>
    private const int MaxClasses = 1 << 24;

    public static void Classes(int classes)
    {
        if (classes is < 1 or > MaxClasses)
        {
            throw new ArgumentOutOfRangeException(nameof(classes), classes, $"classes is {classes}; expected 1 to {MaxClasses}.");
        }
    }

    public static void Matrix(int length, int rows, int classes, string name)
    {
        if (length == (long)rows * classes) return;
        string shape = length % classes == 0 ? $"[{length / classes} × {classes}]" : $"[{length}]";
        throw new ArgumentException($"{name} is {shape}; expected [{rows} × {classes}] (rows = labels.Length).", name);
    }

    public static void Vector(int length, int rows, string name)
    {
        if (length != rows) throw new ArgumentException($"{name} is [{length}]; expected [{rows}] (rows = labels.Length).", name);
    }

    public static void Apart<T>(ReadOnlySpan<T> output, ReadOnlySpan<T> other, string name, string otherName)
    {
        if (output.Overlaps(other)) throw new ArgumentException($"{name} overlaps {otherName}.", name);
    }

    /// <summary>Returns how many labels are not <paramref name="ignoreIndex"/>, which is tested before the range.</summary>
    public static long Labels(ReadOnlySpan<int> labels, int classes, int ignoreIndex)
    {
        long valid = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            int label = labels[i];
            if (label == ignoreIndex) continue;
            if ((uint)label >= (uint)classes)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(labels), label, $"labels[{i}] is {label}; expected 0 to {classes - 1}, or {ignoreIndex} for a row to leave out.");
            }
            valid++;
        }
        return valid;
    }

    /// <summary>A prediction is a class, or negative where there is none.</summary>
    public static void Predictions(ReadOnlySpan<int> predictions, int classes, string name)
    {
        for (int i = 0; i < predictions.Length; i++)
        {
            if (predictions[i] >= classes)
            {
                throw new ArgumentOutOfRangeException(
                    name, predictions[i], $"{name}[{i}] is {predictions[i]}; expected at most {classes - 1}, or a negative number for no prediction.");
            }
        }
    }
}
