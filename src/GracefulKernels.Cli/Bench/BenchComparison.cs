using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace GracefulKernels.Cli.Bench;

/// <summary>What changed from one run to another, row by row.</summary>
internal sealed class BenchComparison
{
    // Below this a difference between two runs of a shared machine says nothing, however steady each was.
    private const double LeastChange = 0.03;

    public BenchComparison(IReadOnlyList<BenchRow> before, IReadOnlyList<BenchRow> after)
    {
        Dictionary<string, BenchRow> old = [];
        foreach (BenchRow row in before) old[Key(row)] = row;
        List<Change> both = [];
        List<BenchRow> added = [];
        foreach (BenchRow row in after)
        {
            if (old.Remove(Key(row), out BenchRow? was)) both.Add(new Change(was, row));
            else added.Add(row);
        }
        Both = both;
        Added = added;
        Removed = [.. old.Values];
    }

    /// <summary>Rows of both runs.</summary>
    public IReadOnlyList<Change> Both { get; }

    /// <summary>Rows of the new run alone.</summary>
    public IReadOnlyList<BenchRow> Added { get; }

    /// <summary>Rows of the old run alone.</summary>
    public IReadOnlyList<BenchRow> Removed { get; }

    public void Print(Report report)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("kernel").NoWrap()).AddColumn(new TableColumn("shape").NoWrap()).AddColumn("simd");
        foreach (string name in new[] { "threads", "old", "new", "new / old", "noise" }) table.AddColumn(new TableColumn(name).RightAligned());
        table.AddColumn("");
        foreach (Change change in Both)
        {
            table.AddRow(
                Markup.Escape(change.New.Kernel),
                Markup.Escape(change.New.Shape),
                change.New.Simd,
                $"{change.New.Threads}",
                BenchTable.Time(change.Old.SecondsMedian),
                BenchTable.Time(change.New.SecondsMedian),
                change.Ratio.ToString("0.000", CultureInfo.InvariantCulture),
                change.Noise.ToString("0 %", CultureInfo.InvariantCulture),
                change.IsFaster ? "[green]faster[/]" : change.IsSlower ? "[red]slower[/]" : "");
        }
        if (Both.Count > 0) report.Write(table);
        foreach (BenchRow row in Added) report.WriteLine($"only in the new run: {Key(row)}");
        foreach (BenchRow row in Removed) report.WriteLine($"only in the old run: {Key(row)}");
        int faster = Both.Count(c => c.IsFaster), slower = Both.Count(c => c.IsSlower);
        report.WriteLine($"{Both.Count} rows in both runs: {faster} faster, {slower} slower, {Both.Count - faster - slower} within the noise.");
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteObjects("changes", Both, change =>
        {
            json.WriteString("kernel", change.New.Kernel);
            json.WriteString("shape", change.New.Shape);
            json.WriteString("device", change.New.Device);
            json.WriteString("simd", change.New.Simd);
            json.WriteNumber("threads", change.New.Threads);
            json.WriteNumber("secondsOld", change.Old.SecondsMedian);
            json.WriteNumber("secondsNew", change.New.SecondsMedian);
            json.WriteNumber("ratio", change.Ratio);
            json.WriteNumber("noise", change.Noise);
            json.WriteString("change", change.IsFaster ? "faster" : change.IsSlower ? "slower" : "none");
        });
        json.WriteStrings("added", Added.Select(Key));
        json.WriteStrings("removed", Removed.Select(Key));
    }

    private static string Key(BenchRow r) => $"{r.Kernel} {r.Shape}, {r.Device}, {r.Simd}, {r.Threads} {(r.Threads == 1 ? "thread" : "threads")}";

    /// <summary>One row in two runs.</summary>
    internal readonly record struct Change(BenchRow Old, BenchRow New)
    {
        /// <summary>New median over old median: below 1 is faster.</summary>
        public double Ratio => New.SecondsMedian / Old.SecondsMedian;

        /// <summary>How far the median lay from the fastest run, in both runs together.</summary>
        public double Noise => Math.Max(LeastChange, Spread(Old) + Spread(New));

        public bool IsFaster => Ratio < 1 / (1 + Noise);

        public bool IsSlower => Ratio > 1 + Noise;

        private static double Spread(BenchRow row) => (row.SecondsMedian - row.SecondsMin) / row.SecondsMin;
    }
}
