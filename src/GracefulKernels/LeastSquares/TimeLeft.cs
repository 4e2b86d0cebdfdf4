namespace GracefulKernels;

/// <summary>Estimates of the time that a solver still takes, from its history alone.</summary>
internal static class TimeLeft
{
    /// <summary>A line needs more than two points to be more than its ends.</summary>
    private const int FewestPoints = 3;

    /// <summary>Three hundred years: beyond it an estimate says nothing, and a time span soon overflows.</summary>
    private const double LongestSeconds = 1e10;

    /// <summary>
    /// Iterations to the tolerance over the slope of log ‖∇L‖, fitted by least squares over the later half of the evaluated entries, times seconds an iteration. The norm of
    /// conjugate gradients goes up and down: two points would say nothing.
    /// </summary>
    public static TimeSpan? ToTolerance(IReadOnlyList<SolverProgress> history, double tolerance)
    {
        SolverProgress last = history[^1];
        if (last.RelativeGradient <= tolerance) return TimeSpan.Zero;
        if (!(tolerance > 0)) return null;
        SolverProgress[] points = [.. history.Skip(history.Count / 2).Where(h => h.RelativeGradient > 0)];
        if (points.Length < FewestPoints) return null;
        double meanX = points.Average(p => (double)p.Iteration), meanY = points.Average(p => Math.Log(p.RelativeGradient));
        double sxy = points.Sum(p => (p.Iteration - meanX) * (Math.Log(p.RelativeGradient) - meanY)), sxx = points.Sum(p => (p.Iteration - meanX) * (p.Iteration - meanX));
        double slope = sxy / sxx;
        if (!(slope < 0)) return null;
        // From the line at the last iteration, not from the last point, which may be a peak.
        double now = meanY + (slope * (last.Iteration - meanX)), iterations = Math.Max(0, (Math.Log(tolerance) - now) / slope);
        return Span(iterations * SecondsAnIteration(history));
    }

    /// <param name="wall">What is left of the wall time, where it is limited.</param>
    public static TimeSpan? ToBudget(IReadOnlyList<SolverProgress> history, int budget, TimeSpan? wall)
    {
        if (wall < TimeSpan.Zero) wall = TimeSpan.Zero;
        if (history.Count < 2) return wall;
        TimeSpan? iterations = Span(Math.Max(0, budget - history[^1].Iteration) * SecondsAnIteration(history));
        return wall is { } w && (iterations is not { } i || w < i) ? w : iterations;
    }

    /// <summary>Over the later half: the first iterations also allocate and compile.</summary>
    private static double SecondsAnIteration(IReadOnlyList<SolverProgress> history)
    {
        SolverProgress from = history[(history.Count - 1) / 2], to = history[^1];
        return (to.Elapsed - from.Elapsed).TotalSeconds / (to.Iteration - from.Iteration);
    }

    private static TimeSpan? Span(double seconds) => seconds < LongestSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
