namespace GracefulKernels.Tests;

/// <summary>Knee, front and choice on counts made by hand.</summary>
public sealed class CongruenceCurveTests
{
    [Fact]
    public void TheKneeIsFarthestBelowTheChord()
    {
        // Errors 10 → 20, flips 10 → 0: A = (10, 10), B = (0, 20). Below the chord: (5, 12) by 0.3, (2, 14) by 0.4, (8, 11) by 0.1.
        CongruenceCurve curve = Curve((0, 10, 10), (1, 8, 11), (2, 5, 12), (3, 2, 14), (4, 0, 20));
        Assert.Equal(3, curve.Knee.Value);
        Assert.Equal([4.0, 3, 2, 1, 0], curve.Front.Select(p => p.Value));
        // The unit of an axis does not matter: errors ten times as far apart.
        Assert.Equal(3, Curve((0, 10, 100), (1, 8, 110), (2, 5, 120), (3, 2, 140), (4, 0, 200)).Knee.Value);
    }

    [Fact]
    public void ThereMayBeNoKnee()
    {
        // All above the chord or on it: the end of least error.
        Assert.Equal(0, Curve((0, 10, 10), (1, 6, 19), (2, 0, 20)).Knee.Value);
        Assert.Equal(0, Curve((0, 10, 10), (1, 5, 15), (2, 0, 20)).Knee.Value);
        // One is best in both: nothing to trade.
        Assert.Equal(1, Curve((0, 10, 10), (1, 4, 9), (2, 5, 12)).Knee.Value);
        // Nothing changes with the number that is turned.
        Assert.Equal(5, Curve((5, 3, 9), (6, 3, 9), (7, 3, 9)).Knee.Value);
        // Flips are all alike; errors are all alike.
        Assert.Equal(6, Curve((5, 3, 9), (6, 3, 8), (7, 3, 9)).Knee.Value);
        Assert.Equal(7, Curve((5, 4, 9), (6, 3, 9), (7, 2, 9)).Knee.Value);
        Assert.Equal(1, Curve((1, 3, 9)).Knee.Value);
        Assert.Equal(1, Curve((1, 3, 9), (2, 0, 11)).Knee.Value);
    }

    [Fact]
    public void PointsMayComeInAnyOrderAndTwice()
    {
        CongruenceCurve curve = Curve((4, 0, 20), (2, 5, 12), (3, 2, 14), (3.5, 2, 14), (0, 10, 10), (1, 8, 11));
        Assert.Equal([0, 1, 2, 3, 3.5, 4], curve.Points.Select(p => p.Value));
        Assert.Equal(3, curve.Knee.Value);
        Assert.Equal([4.0, 3, 2, 1, 0], curve.Front.Select(p => p.Value));
        Assert.Equal([1.0], Curve((0, 10, 10), (1, 4, 9), (2, 5, 12)).Front.Select(p => p.Value));
    }

    [Fact]
    public void TheChoiceIsTheLeastFlipsAtTheAccuracy()
    {
        CongruenceCurve curve = Curve((0, 10, 10), (1, 8, 11), (2, 5, 12), (2.5, 5, 12), (3, 2, 14), (4, 0, 20));
        Assert.Equal(0, curve.Choose(1 - (10.5 / Samples))!.Value.Value);
        // Of equals the larger value.
        Assert.Equal(2.5, curve.Choose(1 - (13.0 / Samples))!.Value.Value);
        Assert.Equal(4, curve.Choose(0)!.Value.Value);
        Assert.Null(curve.Choose(0.999));
    }

    [Fact]
    public void PointsOfOtherDataAreRefused()
    {
        Assert.Contains("at least one", Assert.Throws<ArgumentException>(() => new CongruenceCurve([])).Message, StringComparison.Ordinal);
        CongruencePoint one = Point(0, 1, 2), other = one with { Flips = one.Flips + one.Flips };
        Assert.Contains("has 2000 samples", Assert.Throws<ArgumentException>(() => new CongruenceCurve([one, other with { Value = 1 }])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new CongruenceCurve([new CongruencePoint(0, default)]));
    }

    private const int Samples = 1000, OldWrong = 300;

    private static CongruenceCurve Curve(params (double Value, int Flips, int Wrong)[] points) => new(points.Select(p => Point(p.Value, p.Flips, p.Wrong)));

    /// <summary>An old model with 300 of 1,000 wrong.</summary>
    private static CongruencePoint Point(double value, int flips, int wrong)
        => new(value, new FlipCounts(Samples - OldWrong - flips, wrong - flips, OldWrong - (wrong - flips), flips, flips, 0, 0));
}
