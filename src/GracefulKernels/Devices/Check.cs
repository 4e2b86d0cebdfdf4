using System.Runtime.CompilerServices;

namespace GracefulKernels;

/// <summary>Checks of arguments that several public entries share.</summary>
internal static class Check
{
    /// <summary>Throws at the first NaN or infinity, naming its place.</summary>
    public static void Finite(ReadOnlySpan<float> values, string name)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) throw new ArgumentException($"{name}[{i}] is {values[i]}; every element must be finite.", name);
        }
    }

    public static void Length(int actual, long expected, string name, string meaning)
    {
        if (actual != expected) throw new ArgumentException($"{name} is [{actual}]; expected [{expected}] ({meaning}).", name);
    }

    public static void Matrix(int actual, int rows, int columns, string name, string meaning)
    {
        if (actual == (long)rows * columns) return;
        string have = columns > 0 && actual % columns == 0 ? $"[{actual / columns} × {columns}]" : $"[{actual}]";
        throw new ArgumentException($"{name} is {have}; expected [{rows} × {columns}] ({meaning}).", name);
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

    /// <param name="member">Of a record of options.</param>
    public static double NonNegative(double value, string name, string? member = null) => double.IsFinite(value) && value >= 0
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{member ?? name} is {value}; expected a finite number ≥ 0.");

    /// <param name="member">Of a record of options.</param>
    public static double Positive(double value, string name, string? member = null) => double.IsFinite(value) && value > 0
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{member ?? name} is {value}; expected a finite number > 0.");

    public static int Positive(int value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value, name);
        return value;
    }
}
