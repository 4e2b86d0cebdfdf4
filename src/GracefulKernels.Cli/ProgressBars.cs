using Spectre.Console;

namespace GracefulKernels.Cli;

/// <summary>A progress bar around work that reports to an <see cref="IProgress{T}"/>; with no console the work runs in silence.</summary>
internal sealed class ProgressBars(IAnsiConsole? console)
{
    /// <summary>Runs work that reports the part done, from 0 to 1.</summary>
    public T Run<T>(string description, Func<IProgress<double>, T> work) => Run<double, T>(description, part => (part, null), work);

    /// <summary>Runs work that reports in its own terms.</summary>
    /// <param name="description">What the bar says.</param>
    /// <param name="read">The part done, from 0 to 1, and what to say instead of the description (or null).</param>
    /// <param name="work">The work; runs on the calling thread.</param>
    public TResult Run<TProgress, TResult>(string description, Func<TProgress, (double Part, string? Text)> read, Func<IProgress<TProgress>, TResult> work)
    {
        if (console is null) return work(new Direct<TProgress>(_ => { }));
        return console.Progress().AutoClear(true).HideCompleted(true).Start(context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape(description), maxValue: 1);
            TResult result = work(new Direct<TProgress>(report =>
            {
                (double part, string? text) = read(report);
                task.Value = Math.Clamp(part, 0, 1);
                if (text is not null) task.Description = Markup.Escape(text);
            }));
            task.Value = 1;
            return result;
        });
    }

    /// <summary>
    /// Reports on the worker's own thread: <see cref="Progress{T}"/> would post to the thread pool, and reports overtake one another there.
    /// </summary>
    private sealed class Direct<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
