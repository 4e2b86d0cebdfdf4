using System.Globalization;
using GracefulKernels.Cli.Bench;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary><c>table RUN.json [PEERS.json]</c>: the tables of benchmarks/README.md from the files of a run.</summary>
internal static class MarkdownTable
{
    public static void Print(TextWriter output, BenchReport<BenchRow> run, BenchReport<PeerRow>? peers)
    {
        MachineInfo machine = run.Machine;
        output.WriteLine($"{machine.Cpu}, {machine.Cores} cores, {machine.Os}, {machine.Runtime}, {machine.Date}, commit {machine.Commit?[..10] ?? "unknown"}.");
        output.WriteLine();
        output.WriteLine("| simd | threads | fp32 FMA GFLOP/s | fp64 FMA | read GB/s | copy | copy, non-temporal | L2 read | exp G/s |");
        output.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (MachineCeilings c in machine.Ceilings)
        {
            string past = c.CopyNonTemporalGbps is double rate ? Number(rate) : "–";
            output.WriteLine(
                $"| {c.Simd} | {c.Threads} | {Number(c.Fma32Gflops)} | {Number(c.Fma64Gflops)} | {Number(c.ReadGbps)} | {Number(c.CopyOrdinaryGbps)} | {past} "
                + $"| {Number(c.L2Gbps)} | {Number(c.ExpGps ?? double.NaN)} |");
        }
        output.WriteLine();
        string[] names = [.. (peers?.Rows ?? []).Select(r => r.Peer).Distinct().Order()];
        output.WriteLine($"| kernel | shape | threads | min | median | GFLOP/s | GB/s | ceiling | fraction |{string.Concat(names.Select(n => $" ÷ {n} |"))}");
        output.WriteLine($"|---|---|--:|--:|--:|--:|--:|---|--:|{string.Concat(names.Select(_ => "--:|"))}");
        foreach (BenchRow r in run.Rows)
        {
            output.Write(
                $"| {r.Kernel} | {r.Shape} | {r.Threads} | {BenchTable.Time(r.SecondsMin)} | {BenchTable.Time(r.SecondsMedian)} | {Number(r.Gflops)} "
                + $"| {Number(r.Gbps)} | {r.Ceiling} | {r.Fraction.ToString("0 %", CultureInfo.InvariantCulture)} |");
            foreach (string name in names)
            {
                PeerRow? peer = peers!.Rows.FirstOrDefault(
                    p => (p.Kernel, p.Shape, p.Simd, p.Threads, p.Peer) == (r.Kernel, r.Shape, r.Simd, r.Threads, name));
                output.Write(peer is null ? " |" : $" {peer.Ratio.ToString("0.00", CultureInfo.InvariantCulture)} |");
            }
            output.WriteLine();
        }
    }

    private static string Number(double rate) => rate.ToString(rate < 10 ? "0.00" : rate < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
