namespace GracefulKernels.Tests;

/// <summary>Products in fp64, entry by entry, and the sums of magnitudes that bound their error in fp32.</summary>
internal static class Matrices
{
    public static float[] Random(Random random, long length)
    {
        float[] values = new float[length];
        for (long i = 0; i < length; i++) values[i] = (float)((random.NextDouble() * 2) - 1);
        return values;
    }

    /// <summary>op(A)·op(B) [m × n] and Σ|a·b|, with elements stored as <c>GemmShape</c> says.</summary>
    public static (double[] Product, double[] Magnitude) Multiply(
        int m, int n, int k, bool transposeA, bool transposeB, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb)
    {
        double[] product = new double[m * n], magnitude = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int p = 0; p < k; p++)
            {
                double x = transposeA ? a[(p * lda) + i] : a[(i * lda) + p];
                for (int j = 0; j < n; j++)
                {
                    double term = x * (transposeB ? b[(j * ldb) + p] : b[(p * ldb) + j]);
                    product[(i * n) + j] += term;
                    magnitude[(i * n) + j] += Math.Abs(term);
                }
            }
        }
        return (product, magnitude);
    }
}
