using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Measures the ceilings, then the cases, for each number of threads.</summary>
internal sealed class BenchRunner(BenchOptions options)
{
    // --quick promises less than a minute; what has not begun by then is left out, and said.
    private static readonly TimeSpan QuickLimit = TimeSpan.FromSeconds(45);

    private readonly List<string> _notes = [];

    /// <summary>What was left out, and why.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>A result was wrong: not finite, or nothing but zeros.</summary>
    public bool Failed { get; private set; }

    public BenchReport<BenchRow> Run(IProgress<(double Part, string Text)> progress, CancellationToken cancellation)
    {
        IReadOnlyList<BenchCase> cases = CaseList.Select(options.Filter, options.Quick);
        List<MachineCeilings> ceilings = [];
        List<BenchRow> rows = [];
        double steps = options.Threads.Count * (cases.Count + 2);
        int done = 0;
        long begin = Stopwatch.GetTimestamp();
        foreach (int threads in options.Threads)
        {
            string with = $"{threads} {(threads == 1 ? "thread" : "threads")}";
            Report("ceilings");
            MachineCeilings limit = CeilingProbe.Measure(options.Target, threads, options.Quick);
            using IKernels kernels = KernelSets.CreateCpu(options.Target, threads);
            List<(BenchCase Case, Measurement Measured)> measured = [];
            foreach (BenchCase bench in cases)
            {
                Report(bench.Title);
                if (options.Quick && Stopwatch.GetElapsedTime(begin) > QuickLimit) Note($"{bench.Title}, {with}: left out after {QuickLimit.TotalSeconds:0} s.");
                else if (Measure(bench, kernels, warm: threads != options.Threads[0]) is Measurement seconds) measured.Add((bench, seconds));
            }
            // A neighbour may have slowed the machine down while the ceilings were measured: the better of before and after counts.
            Report("ceilings again");
            limit = MachineCeilings.Best(limit, CeilingProbe.Measure(options.Target, threads, options.Quick));
            ceilings.Add(limit);
            rows.AddRange(measured.Select(m => BenchRow.Create(m.Case, kernels.Name, threads, m.Measured, limit)));

            void Report(string what)
            {
                cancellation.ThrowIfCancellationRequested();
                progress.Report((done++ / steps, $"{what}, {with}"));
            }
        }
        return new BenchReport<BenchRow>(MachineInfo.Here(ceilings), rows);
    }

    private Measurement? Measure(BenchCase bench, IKernels kernels, bool warm)
    {
        using Operands operands = new(kernels);
        bench.Prepare(kernels, operands);
        operands.Reset?.Invoke();
        operands.Run();
        if (operands.Fault() is string fault)
        {
            Failed = true;
            Note($"{bench.Title}: wrong result, {fault}.");
            return null;
        }
        MeasureTime time = options.Quick ? MeasureTime.Quick : MeasureTime.Full;
        return Measurement.Of(operands.Run, operands.Reset, warm ? time.Warm : time);
    }

    private void Note(string note)
    {
        if (!_notes.Contains(note)) _notes.Add(note);
    }
}
