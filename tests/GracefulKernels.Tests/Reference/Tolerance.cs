namespace GracefulKernels.Tests;

/// <summary>Comparisons with a reason: the unit of rounding, and the worst growth over a sum of k terms.</summary>
internal static class Tolerance
{
    /// <summary>Half the distance from 1 to the next fp32 number.</summary>
    public const double Unit = 1.0 / (1 << 24);

    /// <summary>γ_k = k·u / (1 − k·u): the bound of a sum of k products, each rounded, in any order (Higham, 3.1).</summary>
    public static double Gamma(int k) => k * Unit / (1 - (k * Unit));

    /// <summary>|actual − expected| ≤ atol + rtol·|expected| for each element; NaN only meets NaN.</summary>
    public static void AssertClose(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double rtol, double atol, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (double.IsNaN(expected[i]) && float.IsNaN(actual[i])) continue;
            if (expected[i] == actual[i]) continue;
            double error = Math.Abs(actual[i] - expected[i]);
            Assert.True(error <= atol + (rtol * Math.Abs(expected[i])), $"{what}[{i}]: {actual[i]:R}, expected {expected[i]:R}, off by {error:E2}");
        }
    }

    /// <summary>‖actual − expected‖ ≤ tolerance·‖expected‖; a NaN never passes.</summary>
    public static void AssertRelativeNorm(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }
        double relative = Math.Sqrt(difference) / Math.Max(Math.Sqrt(norm), double.Epsilon);
        Assert.True(difference == 0 || relative <= tolerance, $"{what}: relative norm {relative:E2}, allowed {tolerance:E2}");
    }

    public static void AssertRelativeNorm(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string what = "")
    {
        double[] wide = new double[actual.Length];
        for (int i = 0; i < wide.Length; i++) wide[i] = actual[i];
        AssertRelativeNorm(expected, wide, tolerance, what);
    }

    /// <summary>The same bits, element by element.</summary>
    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i])
                || (float.IsNaN(expected[i]) && float.IsNaN(actual[i]));
            if (!same) Assert.Fail($"{what}[{i}]: {actual[i]:R} is not {expected[i]:R} bit for bit");
        }
    }
}
