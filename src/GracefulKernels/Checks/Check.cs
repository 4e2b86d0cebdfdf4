using System.Runtime.CompilerServices;

namespace GracefulKernels;

/// <summary>Checks of the arguments of public entries: after them, kernels trust every size and every index.</summary>
internal static partial class Check
{
    /// <summary>Throws at the first NaN or infinity, naming its place.</summary>
    public static void Finite(ReadOnlySpan<float> values, string name)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) throw new ArgumentException($"{name}[{i}] is {values[i]}; every element must be finite.", name);
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
