using System.Diagnostics;

namespace GracefulKernels.Cli.Bench;

/// <summary>How long and how often something is run.</summary>
/// <param name="MinRuns">Timed runs at least.</param>
/// <param name="MinSeconds">Timed seconds at least, in sum.</param>
/// <param name="MaxSeconds">No further run begins past this, whatever the others ask.</param>
/// <param name="WarmSeconds">Untimed seconds before, in which the runtime replaces its first, unoptimised code.</param>
internal readonly record struct MeasureTime(int MinRuns, double MinSeconds, double MaxSeconds, double WarmSeconds)
{
    public static MeasureTime Full => new(5, 0.3, 20, 0.5);

    public static MeasureTime Quick => new(3, 0.04, 1, 0.25);

    /// <summary>What runs on a device has no code that the runtime replaces.</summary>
    public static MeasureTime Device(bool quick) => quick ? new(3, 0.05, 1, 0) : new(7, 0.4, 20, 0);

    /// <summary>For code that is optimised from its first call on.</summary>
    public MeasureTime Warm => this with { WarmSeconds = 0 };
}

/// <summary>Seconds of one call: the least and the median of many.</summary>
internal readonly record struct Measurement(double Min, double Median)
{
    // The clock ticks in tens of nanoseconds; a sample of this length is good to a part in a thousand.
    private const double ShortestSample = 50e-6;

    // Starting work on a device and hearing that it is done takes tens of microseconds, once a sample.
    private const double ShortestSampleOfDevice = 5e-3;
    private const int MostSamples = 2000;

    // A method is recompiled after thirty calls and, with what those showed, after thirty more, each time a tenth of a second later.
    private const int WarmRuns = 100;

    /// <summary>
    /// Times <paramref name="run"/>, which has run at least once before. Very short calls are timed several at a time; with a
    /// <paramref name="reset"/>, which restores the operands untimed, always one.
    /// </summary>
    /// <param name="run">One call.</param>
    /// <param name="reset">Restores the operands, or null.</param>
    /// <param name="time">How long and how often.</param>
    /// <param name="await">Waits until the calls are done, where they return before.</param>
    public static Measurement Of(Action run, Action? reset, MeasureTime time, Action? @await = null)
    {
        WarmUp(run, reset, time.WarmSeconds);
        int calls = reset is null ? CallsInSample(run, @await) : 1;
        List<double> samples = [];
        double spent = 0;
        long begin = Stopwatch.GetTimestamp();
        while (samples.Count < MostSamples && (samples.Count < time.MinRuns || spent < time.MinSeconds))
        {
            if (samples.Count > 0 && Stopwatch.GetElapsedTime(begin).TotalSeconds > time.MaxSeconds) break;
            reset?.Invoke();
            @await?.Invoke();
            double seconds = Time(run, calls, @await);
            spent += seconds;
            samples.Add(seconds / calls);
        }
        return FromSamples(samples);
    }

    public static Measurement FromSamples(List<double> samples)
    {
        samples.Sort();
        int middle = samples.Count / 2;
        double median = samples.Count % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
        return new Measurement(samples[0], median);
    }

    /// <summary>Calls that make one sample long enough for the clock.</summary>
    public static int CallsInSample(Action run, Action? @await = null)
    {
        int calls = 1;
        double shortest = @await is null ? ShortestSample : ShortestSampleOfDevice;
        while (calls < 1 << 20 && Time(run, calls, @await) < shortest) calls *= 2;
        return calls;
    }

    /// <summary>Runs for a while untimed: a part of it in calls, the rest asleep where a hundred calls are done, for the compiler to catch up.</summary>
    public static void WarmUp(Action run, Action? reset, double seconds)
    {
        const int Parts = 4;
        for (int part = 0; part < Parts && seconds > 0; part++)
        {
            long begin = Stopwatch.GetTimestamp();
            TimeSpan left = TimeSpan.FromSeconds(seconds / Parts);
            for (int i = 0; i < WarmRuns && Stopwatch.GetElapsedTime(begin) < left; i++)
            {
                reset?.Invoke();
                run();
            }
            left -= Stopwatch.GetElapsedTime(begin);
            if (left > TimeSpan.Zero) Thread.Sleep(left);
        }
    }

    /// <summary>Seconds of <paramref name="calls"/> calls.</summary>
    public static double Time(Action run, int calls, Action? @await = null)
    {
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++) run();
        @await?.Invoke();
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
