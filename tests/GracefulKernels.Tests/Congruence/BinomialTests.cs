using System.Numerics;

namespace GracefulKernels.Tests;

public class BinomialTests
{
    [Fact]
    public void McNemarIsExactAgainstBigIntegers()
    {
        foreach ((long b, long c) in new[] { (0L, 0L), (0, 1), (1, 0), (3, 3), (2, 9), (0, 30), (15, 16), (16, 33), (249, 415), (900, 1100), (2400, 2600), (5, 2000) })
        {
            long n = b + c, k = Math.Min(b, c);
            BigInteger term = 1, sum = 1;
            for (long i = 1; i <= k; i++)
            {
                term = term * (n - i + 1) / i;
                sum += term;
            }
            // Twice the tail over 2ⁿ; 200 leading bits are more than enough.
            int drop = (int)Math.Max(0, sum.GetBitLength() - 200);
            double right = Math.Min(1, Math.ScaleB((double)(sum >> drop), drop + 1 - (int)n));
            Assert.Equal(right, Flips(b, c).McNemarP, 1e-12 * right);
            Assert.Equal(Flips(b, c).McNemarP, Flips(c, b).McNemarP);
        }
    }

    [Fact]
    public void McNemarOfLargeCountsFollowsTheNormalTail()
    {
        // n = 10⁸, 3 standard deviations from half, with the continuity correction: the normal approximation is good to about 1/n there.
        Assert.Equal(0.0026997960632601890, Flips(50_000_000 - 15_000, 50_000_000 + 15_000).McNemarP, 3e-6);
        Assert.Equal(1, Flips(long.MaxValue / 4, long.MaxValue / 4).McNemarP);
        Assert.True(Flips(1, 100_000).McNemarP < 1e-300);
    }

    [Fact]
    public void RatesOfNothingAreNaN()
    {
        FlipCounts none = default;
        Assert.Equal(0, none.Samples);
        Assert.All(
            new[]
            {
                none.OldAccuracy, none.NewAccuracy, none.OldErrorRate, none.NewErrorRate, none.NegativeFlipRate, none.PositiveFlipRate,
                none.RelativeNegativeFlipRate, none.NegativeFlipImpact, none.BackwardTrustCompatibility, none.BackwardErrorCompatibility, none.Churn,
                none.NegativeFlipRateInterval.Low, none.NegativeFlipRateInterval.High,
            },
            r => Assert.Equal(double.NaN, r));
        Assert.Equal(1, none.McNemarP);
    }

    private static FlipCounts Flips(long negative, long positive) => new(0, 0, positive, negative, positive + negative, 0, 0);
}
