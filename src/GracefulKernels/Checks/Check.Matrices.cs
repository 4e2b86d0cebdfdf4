namespace GracefulKernels;

/// <summary>Matrices and vectors in spans.</summary>
internal static partial class Check
{
    public static void Size(int value, string name) => ArgumentOutOfRangeException.ThrowIfNegative(value, name);

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

    /// <summary>A matrix [rows × columns] whose rows are <paramref name="ld"/> elements apart lies wholly in its span.</summary>
    public static void Matrix(int length, int rows, int columns, int ld, string name, string ldName)
    {
        if (ld < columns)
        {
            throw new ArgumentOutOfRangeException(
                ldName, ld, $"{ldName} is {ld}; expected at least {columns}, the columns of {name} [{rows} × {columns}].");
        }
        long needed = rows == 0 || columns == 0 ? 0 : ((rows - 1L) * ld) + columns;
        if (length < needed)
        {
            throw new ArgumentException($"{name} is [{length}]; expected [{rows} × {columns}] with rows {ld} apart, {needed} elements.", name);
        }
    }

    public static void Apart<T>(ReadOnlySpan<T> output, ReadOnlySpan<T> other, string name, string otherName)
    {
        if (output.Overlaps(other)) throw new ArgumentException($"{name} overlaps {otherName}.", name);
    }

    /// <summary>Every element of the lower triangle [n × n] is finite.</summary>
    public static void FiniteLower(ReadOnlySpan<double> matrix, int n, string name)
    {
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> row = matrix.Slice(i * n, i + 1);
            for (int j = 0; j <= i; j++)
            {
                if (!double.IsFinite(row[j])) throw new ArgumentException($"{name}[{i}, {j}] is {row[j]}; every element must be finite.", name);
            }
        }
    }

    /// <summary>The diagonal of a Cholesky factor is positive and finite: what <c>potrf</c> leaves when it succeeds.</summary>
    public static void Factor(ReadOnlySpan<double> factor, int n, int ld, string name)
    {
        for (int i = 0; i < n; i++)
        {
            double pivot = factor[(int)(((long)i * ld) + i)];
            if (!(pivot > 0) || double.IsInfinity(pivot))
            {
                throw new ArgumentException($"{name}[{i}, {i}] is {pivot}; a Cholesky factor [{n} × {n}] has a positive diagonal.", name);
            }
        }
    }
}
