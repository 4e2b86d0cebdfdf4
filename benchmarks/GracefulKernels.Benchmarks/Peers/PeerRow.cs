using GracefulKernels.Cli.Bench;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>A row of the benchmark, ours, and beside it a peer that was timed in turns with it.</summary>
/// <param name="Peer">The peer's name.</param>
/// <param name="PeerSecondsMin">Its fastest call.</param>
/// <param name="PeerSecondsMedian">Its median call.</param>
/// <param name="PeerGflops">Its rate, by the same count of operations.</param>
/// <param name="Ratio">Its fastest call over ours: above 1, ours is faster.</param>
internal sealed record PeerRow(
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
    double Fraction,
    string Peer,
    double PeerSecondsMin,
    double PeerSecondsMedian,
    double PeerGflops,
    double Ratio)
    : BenchRow(Kernel, Shape, Device, Simd, Threads, SecondsMin, SecondsMedian, Gflops, Gbps, Ceiling, Fraction)
{
    public static PeerRow Create(BenchRow ours, string peer, WorkCount work, Measurement theirs) => new(
        ours.Kernel,
        ours.Shape,
        ours.Device,
        ours.Simd,
        ours.Threads,
        ours.SecondsMin,
        ours.SecondsMedian,
        ours.Gflops,
        ours.Gbps,
        ours.Ceiling,
        ours.Fraction,
        peer,
        theirs.Min,
        theirs.Median,
        work.Flops / theirs.Min / 1e9,
        theirs.Min / ours.SecondsMin);
}
