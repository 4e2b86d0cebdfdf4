using GracefulKernels.Cli.Bench;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>Another library, or another of our own kernels, that does the same as a case.</summary>
internal interface IPeer
{
    /// <summary>For example <c>openblas-skylakex</c>.</summary>
    string Name { get; }

    /// <summary>Why it cannot run here; null where it can.</summary>
    string? Absence { get; }

    /// <summary>Prepares the same work over our own inputs; null where it has nothing that does this.</summary>
    PeerCall? Prepare(BenchCase bench, Operands ours, int threads);
}

/// <summary>A peer's call, ready to be timed.</summary>
internal sealed class PeerCall : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public required Action Run { get; init; }

    /// <summary>Restores what the call overwrites, untimed.</summary>
    public Action? Reset { get; init; }

    /// <summary>The largest difference to our result relative to the result's largest element, after both have run; null where there is nothing
    /// to compare.</summary>
    public Func<double>? Difference { get; init; }

    /// <summary>Disposes <paramref name="part"/> with the call.</summary>
    public PeerCall Owns(IDisposable part)
    {
        _owned.Add(part);
        return this;
    }

    public void Dispose()
    {
        foreach (IDisposable part in _owned) part.Dispose();
    }
}
