namespace GracefulKernels.Tests;

/// <summary>Dense fp64 helpers of the Cholesky tests, by their definitions.</summary>
internal static class SymmetricMatrix
{
    /// <summary>B·Bᵀ + shift·I with B uniform: positive definite.</summary>
    public static double[] PositiveDefinite(int n, int seed, double shift = 0.5)
    {
        var random = new Random(seed);
        double[] b = [.. Enumerable.Range(0, n * n).Select(_ => random.NextDouble() - 0.5)];
        double[] a = MultiplyTransposed(n, b, b);
        for (int i = 0; i < n; i++) a[(i * n) + i] += shift;
        return a;
    }

    /// <summary>X·Yᵀ.</summary>
    public static double[] MultiplyTransposed(int n, double[] x, double[] y)
    {
        double[] z = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int k = 0; k < n; k++) sum += x[(i * n) + k] * y[(j * n) + k];
                z[(i * n) + j] = sum;
            }
        }
        return z;
    }

    /// <summary>Rows <paramref name="ld"/> apart, with <paramref name="fill"/> between and, where asked, above the diagonal. Ends with its last element.</summary>
    public static double[] Spread(int n, int ld, double[] a, double fill, bool lowerOnly)
    {
        double[] spread = new double[n == 0 ? 0 : ((n - 1) * ld) + n];
        Array.Fill(spread, fill);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < (lowerOnly ? i + 1 : n); j++) spread[(i * ld) + j] = a[(i * n) + j];
        }
        return spread;
    }

    /// <summary>The lower triangle, zeros above it.</summary>
    public static double[] Lower(int n, int ld, double[] spread)
    {
        double[] l = new double[n * n];
        for (int i = 0; i < n; i++) Array.Copy(spread, i * ld, l, i * n, i + 1);
        return l;
    }

    public static double FrobeniusNorm(IEnumerable<double> a) => Math.Sqrt(a.Sum(v => v * v));
}
