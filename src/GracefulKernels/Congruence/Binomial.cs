namespace GracefulKernels;

/// <summary>Exact inference on counts.</summary>
internal static class Binomial
{
    private const double Z95 = 1.959963984540054;
    private const double LogTwoPi = 1.8378770664093454836;

    /// <summary><c>min(1, 2·P[Bin(b + c, ½) ≤ min(b, c)])</c>.</summary>
    public static double TwoSidedP(long b, long c)
    {
        long n = b + c, k = Math.Min(b, c);
        if (2 * k >= n) return 1;
        // P[X = k] by Loader's form, then downward: each term is the last times i/(n − i + 1) < 1.
        double term = 1, sum = 1;
        for (long i = k; i > 0 && term > 1e-18 * sum; i--)
        {
            term *= (double)i / (n - i + 1);
            sum += term;
        }
        return Math.Min(1, 2 * sum * Math.Exp(LogProbability(k, n)));
    }

    /// <summary>Wilson's score interval of k/n at 95 %, clipped to [0, 1].</summary>
    public static (double Low, double High) Wilson(long k, long n)
    {
        if (n == 0) return (double.NaN, double.NaN);
        double p = (double)k / n, z2 = Z95 * Z95;
        double centre = p + (z2 / (2 * n)), scale = 1 + (z2 / n);
        double half = Z95 * Math.Sqrt(((p * (1 - p)) + (z2 / (4 * n))) / n);
        return (k == 0 ? 0 : Math.Max(0, (centre - half) / scale), k == n ? 1 : Math.Min(1, (centre + half) / scale));
    }

    /// <summary>
    /// log P[Bin(n, ½) = k] without the cancellation of log-gammas, whose size n·log n would eat the digits of large counts
    /// (C. Loader, "Fast and accurate computation of binomial probabilities", 2000).
    /// </summary>
    private static double LogProbability(long k, long n)
    {
        if (k == 0 || k == n) return -n * Math.Log(2);
        double half = n / 2.0, rest = n - k;
        double error = StirlingError(n) - StirlingError(k) - StirlingError(rest) - Deviance(k, half) - Deviance(rest, half);
        return error + (0.5 * (Math.Log(n / (k * rest)) - LogTwoPi));
    }

    /// <summary>log n! − log(√(2πn)·(n/e)ⁿ).</summary>
    private static double StirlingError(double n)
    {
        if (n <= 15)
        {
            double factorial = 1;
            for (int i = 2; i <= n; i++) factorial *= i;
            return Math.Log(factorial) - ((n + 0.5) * Math.Log(n)) + n - (0.5 * LogTwoPi);
        }
        double n2 = n * n;
        return ((1.0 / 12) - (((1.0 / 360) - (((1.0 / 1260) - (((1.0 / 1680) - ((1.0 / 1188) / n2)) / n2)) / n2)) / n2)) / n;
    }

    /// <summary>x·log(x/m) + m − x, by its series where x is near m.</summary>
    private static double Deviance(double x, double m)
    {
        if (Math.Abs(x - m) >= 0.1 * (x + m)) return (x * Math.Log(x / m)) + m - x;
        double v = (x - m) / (x + m), sum = (x - m) * v, odd = 2 * x * v, v2 = v * v;
        for (int j = 1; j < 100; j++)
        {
            odd *= v2;
            double next = sum + (odd / ((2 * j) + 1));
            if (next == sum) return next;
            sum = next;
        }
        return sum;
    }
}
