using System.Diagnostics;

namespace GracefulKernels.Cli.Demo;

/// <summary>One way from v1 to v2, summed over the old models.</summary>
internal sealed class MethodFigures(string name, string description, string unit)
{
    private long _iterations;
    private double _seconds;
    private int _updates;

    /// <summary>As in the report.</summary>
    public string Name => name;

    public string Description => description;

    /// <summary>What an iteration is.</summary>
    public string Unit => unit;

    /// <summary>Flips of v1 → this on the test set, every old model counted.</summary>
    public FlipCounts Counts { get; private set; }

    /// <summary>Of one update, in the mean.</summary>
    public int Iterations => (int)Math.Round(_iterations / (double)_updates);

    /// <summary>Of one update, in the mean; with what it needs (linearisation, factors), without the choice of hyperparameters and without prediction.</summary>
    public double Seconds => _seconds / _updates;

    /// <summary>Runs one update and takes its time.</summary>
    /// <param name="update">Gives the update and its iterations.</param>
    /// <param name="preparation">Seconds of preparation that it shares with others.</param>
    public T Time<T>(Func<(T Update, int Iterations)> update, double preparation = 0)
    {
        long start = Stopwatch.GetTimestamp();
        (T made, int iterations) = update();
        _seconds += preparation + Stopwatch.GetElapsedTime(start).TotalSeconds;
        _iterations += iterations;
        _updates++;
        return made;
    }

    public void Count(FlipCounts counts) => Counts += counts;
}
