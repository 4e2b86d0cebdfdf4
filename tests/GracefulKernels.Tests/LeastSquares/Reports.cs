namespace GracefulKernels.Tests;

/// <summary>Keeps what is reported, on the thread that reports it, and then does something.</summary>
internal sealed class Reports<T>(Action<T>? then = null) : IProgress<T>
{
    public List<T> All { get; } = [];

    public void Report(T value)
    {
        All.Add(value);
        then?.Invoke(value);
    }
}
