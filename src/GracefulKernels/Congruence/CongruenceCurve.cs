namespace GracefulKernels;

/// <summary>One setting of an update, and how it changes predictions on labelled data.</summary>
/// <param name="Value">What was set: λ_pc, or the place between the old weights and the new.</param>
/// <param name="Flips">Of the old model → this one.</param>
public readonly record struct CongruencePoint(double Value, FlipCounts Flips);

/// <summary>
/// What an update costs in error and saves in negative flips as one number is turned: the points of <see cref="PositiveCongruentPath"/> and <see cref="WeightInterpolation"/>, all counted
/// on the same data. Its knee, its Pareto front, and the choice at a given accuracy are by the counts alone.
/// </summary>
public sealed class CongruenceCurve
{
    /// <summary>A curve of these points, in any order.</summary>
    /// <exception cref="ArgumentException">There is no point, one has no samples, or they are not of the same samples.</exception>
    public CongruenceCurve(IEnumerable<CongruencePoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        Points = [.. points.OrderBy(p => p.Value)];
        if (Points.Count == 0) throw new ArgumentException("points is empty; a curve has at least one.", nameof(points));
        FlipCounts first = Points[0].Flips;
        foreach (CongruencePoint p in Points)
        {
            if (p.Flips.Samples == first.Samples && p.Flips.OldRight == first.OldRight && first.Samples > 0) continue;
            throw new ArgumentException(
                $"The point at {p.Value} has {p.Flips.Samples} samples, {p.Flips.OldRight} of them right by the old model; expected {first.Samples} and {first.OldRight}, at least one sample.", nameof(points));
        }
        Knee = Points[KneeOf(Points)];
    }

    /// <summary>By rising value.</summary>
    public IReadOnlyList<CongruencePoint> Points { get; }

    /// <summary>
    /// Where more of the one begins to cost much of the other. In the plane of NFR and error, A is the point of least error (of these that of least NFR, of these that of least value) and B the
    /// point of least NFR (of these that of least error, of these that of least value). With axes on which A is (1, 0) and B is (0, 1), the knee is the point farthest below the chord from A to B, the largest
    /// <c>1 − x − y</c>; of equals the one of least error. Where no point lies below the chord it is A; where A is also the point of least NFR there is nothing to trade, and it is A.
    /// </summary>
    public CongruencePoint Knee { get; }

    /// <summary>The points than which no other has both rates at most as large and one smaller, by rising NFR; of equal points the one of least value.</summary>
    public IReadOnlyList<CongruencePoint> Front
    {
        get
        {
            var front = new List<CongruencePoint>();
            long least = long.MaxValue;
            foreach (CongruencePoint p in Points.OrderBy(p => p.Flips.NegativeFlips).ThenBy(p => Wrong(p)).ThenBy(p => p.Value))
            {
                if (Wrong(p) >= least) continue;
                least = Wrong(p);
                front.Add(p);
            }
            return front;
        }
    }

    /// <summary>The point of least NFR among those of at least this accuracy; of equals the most accurate, then that of the largest value. Null where none is that accurate.</summary>
    /// <param name="accuracy">In [0, 1], such as that of the untreated model, less what may be given for it.</param>
    public CongruencePoint? Choose(double accuracy)
    {
        CongruencePoint[] good = [.. Points.Where(p => p.Flips.NewAccuracy >= accuracy)];
        return good.Length == 0 ? null : good.OrderBy(p => p.Flips.NegativeFlips).ThenBy(p => Wrong(p)).ThenByDescending(p => p.Value).First();
    }

    private static long Wrong(CongruencePoint p) => p.Flips.Samples - p.Flips.NewRight;

    private static int KneeOf(IReadOnlyList<CongruencePoint> points)
    {
        int[] all = [.. Enumerable.Range(0, points.Count)];
        int a = all.OrderBy(i => Wrong(points[i])).ThenBy(i => points[i].Flips.NegativeFlips).First();
        int b = all.OrderBy(i => points[i].Flips.NegativeFlips).ThenBy(i => Wrong(points[i])).First();
        // Both are positive or both zero: at equal NFR, B would be A.
        double flips = points[a].Flips.NegativeFlips - points[b].Flips.NegativeFlips, errors = Wrong(points[b]) - Wrong(points[a]);
        if (flips == 0 || errors == 0) return a;
        return all.OrderByDescending(Below).ThenBy(i => Wrong(points[i])).First() is var best && Below(best) > 0 ? best : a;

        double Below(int i) => 1 - ((points[i].Flips.NegativeFlips - points[b].Flips.NegativeFlips) / flips) - ((Wrong(points[i]) - Wrong(points[a])) / errors);
    }
}
