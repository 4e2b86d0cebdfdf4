using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Measures the ceilings, then the cases, for each number of threads.</summary>
internal sealed class BenchRunner(BenchOptions options, Action<string> progress)
{
    // --quick promises less than a minute; what has not begun by then is left out, and said.
    private static readonly TimeSpan QuickLimit = TimeSpan.FromSeconds(45);

    private readonly List<string> _notes = [];

    /// <summary>What was left out, and why.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>A result was wrong: not finite, or nothing but zeros.</summary>
    public bool Failed { get; private set; }

    public BenchReport<BenchRow> Run(CancellationToken cancel)
    {
        IReadOnlyList<BenchCase> cases = CaseList.Select(options.Filter, options.Quick);
        List<MachineCeilings> ceilings = [];
        List<BenchRow> rows = [];
        long begin = Stopwatch.GetTimestamp();
        foreach (int threads in options.Threads)
        {
            progress($"ceilings, {threads} {(threads == 1 ? "thread" : "threads")}");
            MachineCeilings limit = CeilingProbe.Measure(options.Target, threads, options.Quick);
            ceilings.Add(limit);
            using IKernels kernels = KernelSets.CreateCpu(options.Target, threads);
            foreach (BenchCase bench in cases)
            {
                cancel.ThrowIfCancellationRequested();
                if (options.Quick && Stopwatch.GetElapsedTime(begin) > QuickLimit)
                {
                    Note($"{bench.Title}: left out after {QuickLimit.TotalSeconds:0} s with {threads} threads.");
                    continue;
                }
                progress($"{bench.Title}, {threads} {(threads == 1 ? "thread" : "threads")}");
                if (Measure(bench, kernels) is Measurement measured) rows.Add(BenchRow.Create(bench, kernels.Name, threads, measured, limit));
            }
        }
        return new BenchReport<BenchRow>(MachineInfo.Here(ceilings), rows);
    }

    private Measurement? Measure(BenchCase bench, IKernels kernels)
    {
        using Operands operands = new();
        try
        {
            bench.Prepare(kernels, operands);
            operands.Reset?.Invoke();
            operands.Run();
        }
        catch (NotImplementedException)
        {
            Note($"{bench.Title}: not there yet.");
            return null;
        }
        if (operands.Fault() is string fault)
        {
            Failed = true;
            Note($"{bench.Title}: wrong result, {fault}.");
            return null;
        }
        return Measurement.Of(operands.Run, operands.Reset, options.Quick ? MeasureTime.Quick : MeasureTime.Full);
    }

    private void Note(string note)
    {
        if (!_notes.Contains(note)) _notes.Add(note);
    }
}
