using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Prediction flips of an old model → a new one on labelled samples: the 2×2 table of right and wrong, and the samples whose
/// predictions differ. Counts of parts of the data add up by <c>+</c>; rates are derived and never merged. A rate with a zero
/// denominator is NaN.
/// </summary>
/// <param name="BothRight">Both models are right.</param>
/// <param name="BothWrong">Both models are wrong.</param>
/// <param name="PositiveFlips">The old model is wrong and the new one right.</param>
/// <param name="NegativeFlips">The old model is right and the new one wrong.</param>
/// <param name="Differ">The predictions differ, right or wrong.</param>
/// <param name="UndefinedOld">The old model gave no prediction (a NaN among its logits, or a negative number); counted as
/// wrong.</param>
/// <param name="UndefinedNew">The same for the new model.</param>
public readonly partial record struct FlipCounts(
    long BothRight, long BothWrong, long PositiveFlips, long NegativeFlips, long Differ, long UndefinedOld, long UndefinedNew)
{
    internal FlipCounts(in FlipTable table)
        : this(
            table.BothRight,
            table.BothWrong,
            table.PositiveFlips,
            table.NegativeFlips,
            table.Differ,
            table.UndefinedOld,
            table.UndefinedNew)
    {
    }

    /// <summary>N: samples whose label is not ignored.</summary>
    public long Samples => BothRight + BothWrong + PositiveFlips + NegativeFlips;

    /// <summary>Samples that the old model has right.</summary>
    public long OldRight => BothRight + NegativeFlips;

    /// <summary>Samples that the new model has right.</summary>
    public long NewRight => BothRight + PositiveFlips;

    /// <summary>OldRight / N.</summary>
    public double OldAccuracy => Ratio(OldRight, Samples);

    /// <summary>NewRight / N.</summary>
    public double NewAccuracy => Ratio(NewRight, Samples);

    /// <summary>ER_old = (both wrong + positive flips) / N.</summary>
    public double OldErrorRate => Ratio(BothWrong + PositiveFlips, Samples);

    /// <summary>ER_new = (both wrong + negative flips) / N.</summary>
    public double NewErrorRate => Ratio(BothWrong + NegativeFlips, Samples);

    /// <summary>NFR = negative flips / N (Yan et al. 2021, eq. 2).</summary>
    public double NegativeFlipRate => Ratio(NegativeFlips, Samples);

    /// <summary>PFR = positive flips / N.</summary>
    public double PositiveFlipRate => Ratio(PositiveFlips, Samples);

    /// <summary>
    /// NFR / ((1 − ER_old)·ER_new), which is 1 for a new model whose errors are independent of the old one's (Yan et al. 2021,
    /// eq. 11).
    /// </summary>
    public double RelativeNegativeFlipRate
    {
        get
        {
            double expected = (double)OldRight * (BothWrong + NegativeFlips);
            return expected == 0 ? double.NaN : (double)NegativeFlips * Samples / expected;
        }
    }

    /// <summary>NFI = negative flips / errors of the new model (Cai et al. 2022).</summary>
    public double NegativeFlipImpact => Ratio(NegativeFlips, BothWrong + NegativeFlips);

    /// <summary>BTC = both right / old right, backward trust compatibility (Bansal et al. 2019).</summary>
    public double BackwardTrustCompatibility => Ratio(BothRight, OldRight);

    /// <summary>BEC = both wrong / new wrong, backward error compatibility.</summary>
    public double BackwardErrorCompatibility => Ratio(BothWrong, BothWrong + NegativeFlips);

    /// <summary>Samples whose predictions differ / N.</summary>
    public double Churn => Ratio(Differ, Samples);

    /// <summary>
    /// Exact two-sided p of McNemar's test that flips go both ways alike: <c>min(1, 2·P[Bin(b + c, ½) ≤ min(b, c)])</c>, b and
    /// c the negative and positive flips; 1 without flips. Relative error below 1e-12.
    /// </summary>
    public double McNemarP => Binomial.TwoSidedP(NegativeFlips, PositiveFlips);

    /// <summary>The 95 % Wilson score interval of <see cref="NegativeFlipRate"/>, within [0, 1]; NaN without samples.</summary>
    public (double Low, double High) NegativeFlipRateInterval => Binomial.Wilson(NegativeFlips, Samples);

    /// <summary>Counts of two disjoint parts of the data, together.</summary>
    public static FlipCounts operator +(FlipCounts left, FlipCounts right) => new(
        left.BothRight + right.BothRight,
        left.BothWrong + right.BothWrong,
        left.PositiveFlips + right.PositiveFlips,
        left.NegativeFlips + right.NegativeFlips,
        left.Differ + right.Differ,
        left.UndefinedOld + right.UndefinedOld,
        left.UndefinedNew + right.UndefinedNew);

    /// <summary>Counts of two disjoint parts of the data, together; the same as <c>+</c>.</summary>
    public static FlipCounts Add(FlipCounts left, FlipCounts right) => left + right;

    private static double Ratio(long part, long whole) => whole == 0 ? double.NaN : (double)part / whole;
}
