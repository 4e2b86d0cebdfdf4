namespace GracefulKernels.Cli.Comparison;

/// <summary>The 2×2 table of an update, old against new, with everything that follows from it. A zero denominator gives NaN.</summary>
internal readonly record struct UpdateFigures(long BothRight, long BothWrong, long PositiveFlips, long NegativeFlips, long Differ)
{
    private const double TwoSided95 = 1.959963984540054;

    public long Samples => BothRight + BothWrong + PositiveFlips + NegativeFlips;

    public double OldErrorRate => Over(BothWrong + PositiveFlips, Samples);

    public double NewErrorRate => Over(BothWrong + NegativeFlips, Samples);

    public double Nfr => Over(NegativeFlips, Samples);

    public double Pfr => Over(PositiveFlips, Samples);

    public double RelativeNfr
    {
        get
        {
            double oldRight = Over(BothRight + NegativeFlips, Samples);
            return oldRight == 0 || NewErrorRate == 0 ? double.NaN : Nfr / (oldRight * NewErrorRate);
        }
    }

    public double Nfi => Over(NegativeFlips, BothWrong + NegativeFlips);

    public double Btc => Over(BothRight, BothRight + NegativeFlips);

    public double Bec => Over(BothWrong, BothWrong + NegativeFlips);

    public double Churn => Over(Differ, Samples);

    /// <summary>Wilson's 95 % interval of <see cref="Nfr"/>.</summary>
    public (double Low, double High) NfrInterval
    {
        get
        {
            if (Samples == 0) return (double.NaN, double.NaN);
            double n = Samples, square = TwoSided95 * TwoSided95, p = Nfr;
            double centre = (p + (square / (2 * n))) / (1 + (square / n));
            double half = TwoSided95 / (1 + (square / n)) * Math.Sqrt((p * (1 - p) / n) + (square / (4 * n * n)));
            return (Math.Max(0, centre - half), Math.Min(1, centre + half));
        }
    }

    /// <summary>McNemar's exact two-sided p-value: <c>min(1, 2·P[Bin(b + c, ½) ≤ min(b, c)])</c>, 1 where nothing flips.</summary>
    public double McNemarP
    {
        get
        {
            long flips = PositiveFlips + NegativeFlips, fewer = Math.Min(PositiveFlips, NegativeFlips);
            double first = Math.Exp(LogGamma(flips + 1.0) - LogGamma(fewer + 1.0) - LogGamma(flips - fewer + 1.0) - (flips * Math.Log(2)));
            double sum = 0, term = 1;
            // Terms fall from the largest on; what is below one part in 10¹⁸ of the sum changes nothing.
            for (long k = fewer; k >= 0 && term > 1e-18 * sum; k--)
            {
                sum += term;
                term *= k / (double)(flips - k + 1);
            }
            return Math.Min(1, 2 * first * sum);
        }
    }

    public static UpdateFigures operator +(UpdateFigures a, UpdateFigures b) => new(
        a.BothRight + b.BothRight, a.BothWrong + b.BothWrong, a.PositiveFlips + b.PositiveFlips, a.NegativeFlips + b.NegativeFlips, a.Differ + b.Differ);

    /// <summary>The table of one row.</summary>
    public static UpdateFigures Of(int oldPrediction, int newPrediction, int label)
    {
        bool old = oldPrediction >= 0 && oldPrediction == label, now = newPrediction >= 0 && newPrediction == label;
        return new(old && now ? 1 : 0, !old && !now ? 1 : 0, !old && now ? 1 : 0, old && !now ? 1 : 0, oldPrediction != newPrediction ? 1 : 0);
    }

    private static double Over(long part, long whole) => whole == 0 ? double.NaN : (double)part / whole;

    // Stirling's series after lifting x above 15, where three terms are exact to rounding.
    private static double LogGamma(double x)
    {
        double lift = 0;
        for (; x < 15; x++) lift += Math.Log(x);
        double square = 1 / (x * x);
        double series = ((1 / 12.0) - (square * ((1 / 360.0) - (square * ((1 / 1260.0) - (square / 1680.0)))))) / x;
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series - lift;
    }
}
