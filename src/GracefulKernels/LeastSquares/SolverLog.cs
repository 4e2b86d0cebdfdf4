using System.Diagnostics;

namespace GracefulKernels;

/// <summary>The history of a run, its clock, and what is left of its time.</summary>
/// <param name="tolerance">Of the relative gradient; NaN for none.</param>
/// <param name="budget">Most iterations.</param>
/// <param name="timeLimit">Most wall time of this call.</param>
/// <param name="progress">Told of each entry.</param>
internal sealed class SolverLog(double tolerance, int budget, TimeSpan? timeLimit, IProgress<SolverProgress>? progress)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<SolverProgress> _history = [];
    private TimeSpan _before;

    public IReadOnlyList<SolverProgress> History => _history;

    public SolverProgress Last => _history[^1];

    /// <summary>With the time before a checkpoint.</summary>
    public TimeSpan Elapsed => _before + _clock.Elapsed;

    public bool IsOutOfTime => _clock.Elapsed >= timeLimit;

    /// <summary>The entries of a checkpoint; the clock goes on from the last of them.</summary>
    public void Restore(IEnumerable<SolverProgress> history)
    {
        _history.Clear();
        _history.AddRange(history);
        _before = Last.Elapsed;
    }

    /// <summary>Enters an iteration; <see cref="Report"/> tells of it.</summary>
    public void Add(int iteration, double loss, double relativeGradient, double leaveOneOut = double.NaN)
    {
        _history.Add(new SolverProgress(iteration, loss, relativeGradient, Elapsed) { LeaveOneOut = leaveOneOut });
        _history[^1] = Last with { ToTolerance = TimeLeft.ToTolerance(_history, tolerance), ToBudget = TimeLeft.ToBudget(_history, budget, timeLimit - _clock.Elapsed) };
    }

    /// <summary>Reports the last entry.</summary>
    /// <param name="checkpointFailure">What <see cref="SolverProgress.CheckpointFailure"/> says.</param>
    public void Report(string? checkpointFailure)
    {
        if (checkpointFailure is not null) _history[^1] = Last with { CheckpointFailure = checkpointFailure };
        progress?.Report(Last);
    }

    /// <summary>Enters why the file at the end could not be written, which nobody is told of otherwise.</summary>
    public void Note(string? checkpointFailure)
    {
        if (checkpointFailure is not null) _history[^1] = Last with { CheckpointFailure = checkpointFailure };
    }
}
