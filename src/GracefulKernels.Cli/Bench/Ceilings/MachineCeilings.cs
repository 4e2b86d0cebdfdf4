namespace GracefulKernels.Cli.Bench;

/// <summary>What the machine does at best with one instruction set and a number of threads. Rates a second; 10⁹ as <c>G</c>.</summary>
/// <param name="Simd">Instruction set of the arithmetic; memory is always read with the widest registers there are.</param>
/// <param name="Threads">Threads at work at once.</param>
/// <param name="Fma32Gflops">fp32 fused multiply-adds on registers, two operations each.</param>
/// <param name="Fma64Gflops">The same in fp64.</param>
/// <param name="ReadGbps">Reading 256 MB.</param>
/// <param name="CopyOrdinaryGbps">Copying 128 MB to 128 MB with ordinary stores, bytes read and bytes written both counted.</param>
/// <param name="CopyNonTemporalGbps">The same with stores that pass the caches by; null where the processor has none.</param>
/// <param name="L2Gbps">Reading 512 KB again and again, on each core its own.</param>
/// <param name="ExpGps">The library's own exponential over data in the first-level cache; null where exponentials are arithmetic like the rest (GPUs).</param>
internal sealed record MachineCeilings(
    string Simd,
    int Threads,
    double Fma32Gflops,
    double Fma64Gflops,
    double ReadGbps,
    double CopyOrdinaryGbps,
    double? CopyNonTemporalGbps,
    double L2Gbps,
    double? ExpGps)
{
    /// <summary>The better of the two ways to store.</summary>
    public double CopyGbps => Math.Max(CopyOrdinaryGbps, CopyNonTemporalGbps ?? 0);

    /// <summary>Rate by rate the better of two measurements: what disturbs one only makes it slower.</summary>
    public static MachineCeilings Best(MachineCeilings a, MachineCeilings b) => a with
    {
        Fma32Gflops = Math.Max(a.Fma32Gflops, b.Fma32Gflops),
        Fma64Gflops = Math.Max(a.Fma64Gflops, b.Fma64Gflops),
        ReadGbps = Math.Max(a.ReadGbps, b.ReadGbps),
        CopyOrdinaryGbps = Math.Max(a.CopyOrdinaryGbps, b.CopyOrdinaryGbps),
        CopyNonTemporalGbps = a.CopyNonTemporalGbps is double x && b.CopyNonTemporalGbps is double y ? Math.Max(x, y) : null,
        L2Gbps = Math.Max(a.L2Gbps, b.L2Gbps),
        ExpGps = a.ExpGps is double e && b.ExpGps is double f ? Math.Max(e, f) : null,
    };
}
