namespace GracefulKernels.Tests;

/// <summary>Estimates of the time left, from histories that are known.</summary>
public class TimeLeftTests
{
    [Fact]
    public void AGeometricDescentIsForeseenExactly()
    {
        // A factor of 10 each two seconds; from 1e-4 to 1e-7 there are six.
        List<SolverProgress> history = [.. Enumerable.Range(0, 5).Select(i => Entry(i, Math.Pow(10, -i), 2 * i))];
        Assert.Equal(6, TimeLeft.ToTolerance(history, 1e-7)!.Value.TotalSeconds, 1e-6);
        Assert.Equal(2 * 16, TimeLeft.ToBudget(history, 20, null)!.Value.TotalSeconds, 1e-6);
        Assert.Equal(5, TimeLeft.ToBudget(history, 20, TimeSpan.FromSeconds(5))!.Value.TotalSeconds, 1e-6);
        Assert.Equal(TimeSpan.Zero, TimeLeft.ToBudget(history, 20, TimeSpan.FromSeconds(-1)));
        Assert.Equal(TimeSpan.Zero, TimeLeft.ToTolerance(history, 1e-4));
    }

    [Fact]
    public void TheFirstIterationsDoNotCount()
    {
        // Ten slow seconds at first, and no descent in them.
        List<SolverProgress> history = [Entry(0, 1, 0), Entry(1, 1, 10), .. Enumerable.Range(2, 9).Select(i => Entry(i, Math.Pow(2, 1 - i), 9 + i))];
        Assert.Equal(Math.Log2(history[^1].RelativeGradient / 1e-6), TimeLeft.ToTolerance(history, 1e-6)!.Value.TotalSeconds, 1e-6);
    }

    [Fact]
    public void PeaksDoNotMatterMuch()
    {
        List<SolverProgress> history = [.. Enumerable.Range(0, 40).Select(i => Entry(i, Math.Pow(0.8, i) * (i % 2 == 0 ? 1 : 3), i))];
        double expected = Math.Log(1e-8 / (Math.Pow(0.8, 39) * Math.Sqrt(3))) / Math.Log(0.8);
        Assert.InRange(TimeLeft.ToTolerance(history, 1e-8)!.Value.TotalSeconds, 0.95 * expected, 1.05 * expected);
    }

    [Fact]
    public void WhatIsNotKnownIsNull()
    {
        List<SolverProgress> history = [Entry(0, 1, 0)];
        Assert.Null(TimeLeft.ToTolerance(history, 1e-3));
        Assert.Null(TimeLeft.ToBudget(history, 20, null));
        Assert.Equal(TimeSpan.FromSeconds(3), TimeLeft.ToBudget(history, 20, TimeSpan.FromSeconds(3)));
        // Epochs that were not evaluated, a gradient that grows, and a tolerance that is never met.
        history = [Entry(0, 1, 0), Entry(1, double.NaN, 1), Entry(2, double.NaN, 2), Entry(3, 0.5, 3)];
        Assert.Null(TimeLeft.ToTolerance(history, 1e-3));
        history = [.. Enumerable.Range(0, 9).Select(i => Entry(i, 1 + i, i))];
        Assert.Null(TimeLeft.ToTolerance(history, 1e-3));
        history = [.. Enumerable.Range(0, 9).Select(i => Entry(i, Math.Pow(0.5, i), i))];
        Assert.Null(TimeLeft.ToTolerance(history, 0));
    }

    [Fact]
    public void TheSoonerOfBothIsWhatIsLeft()
    {
        SolverProgress at = Entry(1, 1, 1);
        Assert.Null(at.TimeLeft);
        Assert.Equal(TimeSpan.FromSeconds(2), (at with { ToBudget = TimeSpan.FromSeconds(2) }).TimeLeft);
        Assert.Equal(TimeSpan.FromSeconds(1), (at with { ToTolerance = TimeSpan.FromSeconds(1) }).TimeLeft);
        Assert.Equal(TimeSpan.FromSeconds(1), (at with { ToTolerance = TimeSpan.FromSeconds(1), ToBudget = TimeSpan.FromSeconds(2) }).TimeLeft);
        Assert.Equal(TimeSpan.FromSeconds(1), (at with { ToTolerance = TimeSpan.FromSeconds(3), ToBudget = TimeSpan.FromSeconds(1) }).TimeLeft);
    }

    private static SolverProgress Entry(int iteration, double gradient, double seconds) => new(iteration, 1, gradient, TimeSpan.FromSeconds(seconds));
}
