namespace GracefulKernels;

/// <summary>
/// A problem at many λ: from <see cref="DualSystem.Path"/> exactly, with the leave-one-out error, or by <see cref="SolvedProblem.EstimatePath"/> on any size, with estimated degrees of freedom.
/// </summary>
public sealed class RegularizationPath
{
    internal RegularizationPath(IReadOnlyList<PathPoint> points, bool isEstimate)
    {
        Points = points;
        IsEstimate = isEstimate;
    }

    /// <summary>One a λ, in the order asked for.</summary>
    public IReadOnlyList<PathPoint> Points { get; }

    /// <summary>Whether degrees of freedom and GCV are estimates (then the leave-one-out error is not computed).</summary>
    public bool IsEstimate { get; }

    /// <summary>The point with the least leave-one-out loss; for an estimate, the least GCV. Among equals the largest λ.</summary>
    public PathPoint Best => Points.OrderBy(p => IsEstimate ? p.Gcv : p.LeaveOneOutLoss).ThenByDescending(p => p.Lambda).First();

    /// <summary>λ from <paramref name="largest"/> down to <paramref name="smallest"/> in equal ratios.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound is not positive, they are in the other order, or there are fewer than two.</exception>
    public static double[] Lambdas(double largest, double smallest, int count)
    {
        _ = Check.Positive(smallest, nameof(smallest));
        _ = Check.Positive(largest, nameof(largest));
        ArgumentOutOfRangeException.ThrowIfLessThan(largest, smallest);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        double[] lambdas = new double[count];
        for (int i = 0; i < count; i++) lambdas[i] = largest * Math.Pow(smallest / largest, i / (count - 1.0));
        lambdas[^1] = smallest;
        return lambdas;
    }

    internal static void CheckLambdas(ReadOnlySpan<double> lambdas, string name)
    {
        if (lambdas.IsEmpty) throw new ArgumentException($"{name} is empty; expected at least one λ.", name);
        for (int i = 0; i < lambdas.Length; i++)
        {
            if (!(lambdas[i] > 0 && double.IsFinite(lambdas[i])))
            {
                throw new ArgumentOutOfRangeException(name, lambdas[i], $"{name}[{i}] is {lambdas[i]}; expected a finite number > 0.");
            }
        }
    }

    /// <param name="squares">Σ s (f − t)².</param>
    /// <param name="dof">Degrees of freedom.</param>
    /// <param name="rows">nC.</param>
    internal static double Gcv(double squares, double dof, double rows)
    {
        double free = 1 - (dof / rows);
        return squares / rows / (free * free);
    }
}
