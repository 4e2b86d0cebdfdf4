using System.Text.Json.Serialization;

namespace GracefulKernels.Cli.Bench;

/// <summary>One measured line. Rates and the fraction are those of the fastest run, as those of the ceilings are.</summary>
/// <param name="Kernel">Name that begins with the room.</param>
/// <param name="Shape">Shape.</param>
/// <param name="Device"><c>cpu</c>, <c>cuda:0</c>.</param>
/// <param name="Simd">Instruction set; on other devices what the kernels are compiled to, and the precision where it is not fp32.</param>
/// <param name="Threads">Threads.</param>
/// <param name="SecondsMin">The fastest call.</param>
/// <param name="SecondsMedian">The median call.</param>
/// <param name="Gflops">10⁹ operations a second.</param>
/// <param name="Gbps">10⁹ bytes a second, each input read once, each output written once.</param>
/// <param name="Ceiling">The ceiling that limits it most: fma, read, copy, exp or l2.</param>
/// <param name="Fraction">The least time that the ceiling allows, over the time it took.</param>
internal record BenchRow(
    string Kernel,
    string Shape,
    string Device,
    string Simd,
    int Threads,
    double SecondsMin,
    double SecondsMedian,
    double Gflops,
    double Gbps,
    string Ceiling,
    double Fraction)
{
    /// <summary>Another implementation that was timed in turns with ours; null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Rival { get; init; }

    /// <summary>Its fastest call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RivalSecondsMin { get; init; }

    /// <summary>Its fastest call over ours: above 1, ours is faster.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RivalRatio { get; init; }

    public static BenchRow Create(
        BenchCase bench, string simd, int threads, Measurement measured, MachineCeilings ceilings, string device = "cpu")
    {
        (CeilingKind kind, double bound) = bench.Work.Bound(ceilings);
        return new BenchRow(
            bench.Kernel,
            bench.Shape,
            device,
            simd,
            threads,
            measured.Min,
            measured.Median,
            bench.Work.Flops / measured.Min / 1e9,
            bench.Work.Bytes / measured.Min / 1e9,
            kind.ToString().ToLowerInvariant(),
            bound / measured.Min);
    }
}
