namespace GracefulKernels;

/// <summary>η over the course of a training.</summary>
public sealed class LearningRate
{
    private readonly Func<double, double> _at;

    private LearningRate(double initial, Func<double, double> at)
    {
        Initial = Check.Positive(initial, nameof(initial));
        _at = at;
    }

    /// <summary>η at the start.</summary>
    public double Initial { get; }

    /// <summary>The same throughout.</summary>
    public static LearningRate Constant(double initial) => new(initial, _ => initial);

    /// <summary>Half a cosine from the initial rate to 0 (Loshchilov, Hutter 2017, eq. 5).</summary>
    public static LearningRate Cosine(double initial) => new(initial, f => initial * 0.5 * (1 + Math.Cos(Math.PI * f)));

    /// <summary>Multiplied by <paramref name="factor"/> at each of the given fractions of the course.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not positive.</exception>
    public static LearningRate Step(double initial, double factor, params double[] at)
    {
        _ = Check.Positive(factor, nameof(factor));
        double[] steps = [.. at];
        return new(initial, f => initial * Math.Pow(factor, steps.Count(s => f >= s)));
    }

    /// <summary>η at a fraction of the course in [0, 1].</summary>
    public double At(double fraction) => _at(fraction);
}
