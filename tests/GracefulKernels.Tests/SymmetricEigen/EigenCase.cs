namespace GracefulKernels.Tests;

/// <summary>Symmetric matrices that eigensolvers find hard, and what must be true of every result.</summary>
internal static class EigenCase
{
    private const double Unit = 1.1102230246251565e-16;

    /// <summary>
    /// Householder's form and divide and conquer err by a small multiple of n·u in norm, with √n rather than n seen in practice; Jacobi by the number of its sweeps.
    /// An error of one row or rotation is 1e10 times that.
    /// </summary>
    private const double Factor = 8;

    public static IReadOnlyDictionary<string, Func<int, double[]>> Kinds { get; } = new Dictionary<string, Func<int, double[]>>
    {
        ["uniform"] = n => Fill(n, (i, j) => Noise(n, i, j)),
        ["covariance"] = n => SymmetricMatrix.PositiveDefinite(n, n, 0),
        ["zero"] = n => Fill(n, (i, j) => 0),
        ["identity"] = n => Fill(n, (i, j) => i == j ? 1 : 0),
        ["diagonal"] = n => Fill(n, (i, j) => i == j ? Noise(n, i, i) : 0),
        ["diagonal, descending"] = n => Fill(n, (i, j) => i == j ? n - i : 0),
        ["rank one"] = n => Fill(n, (i, j) => Noise(n, i, 0) * Noise(n, j, 0)),
        ["ones"] = n => Fill(n, (i, j) => 1),
        ["ones and a diagonal"] = n => Fill(n, (i, j) => i == j ? 2 : 1),
        ["clustered"] = n => Fill(n, (i, j) => (i == j ? 1 + (i % 3) : 0) + (1e-14 * Noise(n, i, j))),
        ["two blocks"] = n => Fill(n, (i, j) => i < n / 2 == j < n / 2 ? Noise(n, i % Math.Max(1, n / 2), j % Math.Max(1, n / 2)) : 0),
        ["Toeplitz"] = n => Fill(n, (i, j) => i == j ? 2 : Math.Abs(i - j) == 1 ? -1 : 0),
        ["Wilkinson"] = n => Fill(n, (i, j) => i == j ? Math.Abs(i - ((n - 1) / 2.0)) : Math.Abs(i - j) == 1 ? 1 : 0),
        ["glued Wilkinson"] = n => Fill(n, (i, j) => i == j ? Math.Abs((i % 11) - 5) : Math.Abs(i - j) == 1 ? (Math.Max(i, j) % 11 == 0 ? 1e-9 : 1) : 0),
        ["tridiagonal, equal"] = n => Fill(n, (i, j) => i == j ? 1 : Math.Abs(i - j) == 1 ? 1e-8 : 0),
        ["graded up"] = n => Fill(n, (i, j) => Noise(n, i, j) * Math.Pow(10, -16.0 * (2 * n - i - j) / Math.Max(1, n))),
        ["graded down"] = n => Fill(n, (i, j) => Noise(n, i, j) * Math.Pow(10, -16.0 * (i + j) / Math.Max(1, n))),
        ["huge"] = n => Fill(n, (i, j) => Noise(n, i, j) * 1e305),
        ["tiny"] = n => Fill(n, (i, j) => Noise(n, i, j) * 1e-300),
        ["far apart"] = n => Fill(n, (i, j) => i == j ? Math.Pow(10, (i * 37 % 600) - 300) : i == j + 1 || j == i + 1 ? 1e-200 : 0),
        ["arrow"] = n => Fill(n, (i, j) => i == j ? i : i == n - 1 || j == n - 1 ? 1 : 0),
        ["Hilbert"] = n => Fill(n, (i, j) => 1.0 / (i + j + 1)),
    };

    public static double[] Fill(int n, Func<int, int, double> element)
    {
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            // What lies above the diagonal may not be read.
            for (int j = 0; j < n; j++) a[(i * n) + j] = j <= i ? element(i, j) : double.NaN;
        }
        return a;
    }

    /// <summary>Order, residual, orthogonality and signs, in units of n·u·‖A‖.</summary>
    public static void Check(int n, double[] lower, double[] values, double[] vectors, string what)
    {
        for (int k = 1; k < n; k++) Assert.True(values[k - 1] <= values[k], $"{what}: value {k} is below the one before");
        // Scaled for the test's own sums: 1e305² overflows.
        double largest = 0;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++) largest = Math.Max(largest, Math.Abs(lower[(i * n) + j]));
        }
        int shift = largest == 0 ? 0 : -Math.ILogB(largest);
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++) a[(i * n) + j] = a[(j * n) + i] = Math.ScaleB(lower[(i * n) + j], shift);
        }
        double norm = 0;
        for (int i = 0; i < n; i++)
        {
            double sum = 0;
            for (int j = 0; j < n; j++) sum += Math.Abs(a[(i * n) + j]);
            norm = Math.Max(norm, sum);
        }
        double bound = Factor * Math.Max(n, 4) * Unit;
        double[] images = SymmetricMatrix.MultiplyTransposed(n, vectors, a), gram = SymmetricMatrix.MultiplyTransposed(n, vectors, vectors);
        double residual = 0, skew = 0;
        for (int k = 0; k < n; k++)
        {
            double value = Math.ScaleB(values[k], shift);
            int at = 0;
            for (int j = 0; j < n; j++)
            {
                residual = Larger(residual, images[(k * n) + j] - (value * vectors[(k * n) + j]));
                skew = Larger(skew, gram[(k * n) + j] - (j == k ? 1 : 0));
                if (Math.Abs(vectors[(k * n) + j]) > Math.Abs(vectors[(k * n) + at])) at = j;
            }
            Assert.True(vectors[(k * n) + at] > 0, $"{what}: the largest element of vector {k} is not positive");
        }
        Assert.True(residual <= bound * norm, $"{what}: residual {residual / (norm * n * Unit):G3} n·u·‖A‖");
        Assert.True(skew <= bound, $"{what}: V·Vᵀ − I is {skew / (n * Unit):G3} n·u");
    }

    /// <summary>Against Jacobi's values: both err by some n·u·‖A‖.</summary>
    public static void CheckValues(int n, double[] lower, double[] values, string what)
    {
        double largest = 0;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++) largest = Math.Max(largest, Math.Abs(lower[(i * n) + j]));
        }
        int shift = largest == 0 ? 0 : -Math.ILogB(largest);
        double[] expected = JacobiEigen.Values(n, [.. lower.Select(v => Math.ScaleB(v, shift))]);
        double norm = expected.Select(Math.Abs).DefaultIfEmpty().Max();
        for (int k = 0; k < n; k++)
        {
            double error = Math.Abs(Math.ScaleB(values[k], shift) - expected[k]);
            Assert.True(error <= Factor * Math.Max(n, 4) * Unit * norm, $"{what}: value {k} is {values[k]:R}, off by {error / (norm * n * Unit):G3} n·u·‖A‖");
        }
    }

    private static double Larger(double largest, double difference)
        => Math.Abs(difference) <= largest ? largest : double.IsNaN(difference) ? double.PositiveInfinity : Math.Abs(difference);

    /// <summary>In [−1, 1), of i and j alone and symmetric in them.</summary>
    private static double Noise(int n, int i, int j)
    {
        uint x = (uint)(Math.Max(i, j) * 2654435761L) ^ (uint)(Math.Min(i, j) * 40503L * 65537) ^ (uint)n * 97;
        x = (x ^ (x >> 15)) * 2246822519u;
        x = (x ^ (x >> 13)) * 3266489917u;
        return ((x ^ (x >> 16)) / 2147483648.0) - 1;
    }
}
