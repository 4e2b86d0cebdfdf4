using System.Globalization;
using Spectre.Console;

namespace GracefulKernels.Cli.Bench;

/// <summary>A run as tables for people.</summary>
internal static class BenchTable
{
    public static Table Ceilings(MachineInfo machine)
    {
        bool processor = machine.Ceilings.All(c => c.ExpGps is not null);
        string cores = processor ? $", {machine.Cores} cores" : "";
        Table table = new Table().Border(TableBorder.Simple).Title($"{Markup.Escape(machine.Cpu)}{cores}: ceilings");
        table.AddColumn("simd");
        foreach (string name in new[] { "threads", "fp32 FMA GFLOP/s", "fp64", "read GB/s", "copy", "copy nt", "L2 read", "exp G/s" })
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }
        foreach (MachineCeilings c in machine.Ceilings)
        {
            table.AddRow(
                c.Simd,
                $"{c.Threads}",
                Rate(c.Fma32Gflops),
                Rate(c.Fma64Gflops),
                Rate(c.ReadGbps),
                Rate(c.CopyOrdinaryGbps),
                c.CopyNonTemporalGbps is double copy ? Rate(copy) : "–",
                Rate(c.L2Gbps),
                c.ExpGps is double exps ? Rate(exps) : "–");
        }
        return table;
    }

    public static Table Rows(IReadOnlyList<BenchRow> rows)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("kernel").NoWrap()).AddColumn(new TableColumn("shape").NoWrap());
        foreach (string name in new[] { "threads", "min", "median", "GFLOP/s", "GB/s" }) table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("of ceiling").RightAligned().NoWrap());
        bool rivals = rows.Any(r => r.Rival is not null);
        if (rivals) table.AddColumn(new TableColumn("rival / ours").RightAligned().NoWrap());
        foreach (BenchRow r in rows)
        {
            string[] cells =
            [
                Markup.Escape(r.Kernel),
                Markup.Escape(r.Shape),
                $"{r.Threads}",
                Time(r.SecondsMin),
                Time(r.SecondsMedian),
                Rate(r.Gflops),
                Rate(r.Gbps),
                $"{r.Fraction.ToString("0 %", CultureInfo.InvariantCulture)} {r.Ceiling,-4}",
            ];
            string rival = r.RivalRatio is double ratio ? $"{r.Rival} {ratio.ToString("0.00", CultureInfo.InvariantCulture)}×" : "";
            table.AddRow(rivals ? [.. cells, rival] : cells);
        }
        return table;
    }

    public static string Time(double seconds) => seconds switch
    {
        < 1e-6 => (seconds * 1e9).ToString("0.0 ns", CultureInfo.InvariantCulture),
        < 1e-3 => (seconds * 1e6).ToString("0.00 µs", CultureInfo.InvariantCulture),
        < 1 => (seconds * 1e3).ToString("0.00 ms", CultureInfo.InvariantCulture),
        _ => seconds.ToString("0.00 s", CultureInfo.InvariantCulture),
    };

    public static string Rate(double rate) => rate.ToString(rate < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture);
}
