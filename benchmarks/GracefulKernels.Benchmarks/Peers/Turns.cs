using GracefulKernels.Cli.Bench;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>Several calls timed in turns, A B C A B C …, so that what the machine does to one it does to all.</summary>
internal static class Turns
{
    // Other libraries' threads spin for a while after a call (OpenBLAS about 26 ms) and would sit on a core that the next one needs.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(60);
    private const double TurnSeconds = 0.06;
    private const int MostCalls = 1000;

    public static Measurement[] Measure(IReadOnlyList<(Action Run, Action? Reset)> sides, int threads, bool quick)
    {
        MeasureTime time = quick ? MeasureTime.Quick : MeasureTime.Full;
        int rounds = quick ? 3 : 7;
        List<double>[] samples = [.. sides.Select(_ => new List<double>())];
        int[] calls = new int[sides.Count], repeats = new int[sides.Count];
        for (int s = 0; s < sides.Count; s++)
        {
            (Action run, Action? reset) = sides[s];
            Measurement.WarmUp(run, reset, time.WarmSeconds);
            calls[s] = reset is null ? Measurement.CallsInSample(run) : 1;
            reset?.Invoke();
            repeats[s] = Math.Clamp((int)(TurnSeconds / Measurement.Time(run, calls[s])), 2, MostCalls);
        }
        for (int round = 0; round < rounds; round++)
        {
            for (int s = 0; s < sides.Count; s++)
            {
                (Action run, Action? reset) = sides[s];
                if (threads > 1) Thread.Sleep(Settle);
                // The caches still hold the other's operands.
                reset?.Invoke();
                run();
                for (int i = 0; i < repeats[s]; i++)
                {
                    reset?.Invoke();
                    samples[s].Add(Measurement.Time(run, calls[s]) / calls[s]);
                }
            }
        }
        return [.. samples.Select(Measurement.FromSamples)];
    }
}
