using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>How fast a device copies its own memory: the ceiling of every operation that is bound by bytes.</summary>
internal static class CopyBandwidth
{
    /// <summary>Well above every cache there is.</summary>
    private const long Elements = 64L << 20;

    private const int Rounds = 7;

    /// <summary>Bytes read plus bytes written a second, the best of several rounds.</summary>
    public static double Measure(IKernels kernels, long memoryBytes, CancellationToken cancellation)
    {
        long elements = Math.Min(Elements, memoryBytes / 32 / 1024 * 1024);
        using var from = new DeviceFloats(kernels, elements);
        using var to = new DeviceFloats(kernels, elements);
        Copy(1);
        // Enough copies a round that starting and awaiting them does not count.
        int copies = (int)Math.Clamp(0.05 / Copy(1), 1, 200);
        double best = double.PositiveInfinity;
        for (int i = 0; i < Rounds; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            best = Math.Min(best, Copy(copies) / copies);
        }
        return 2.0 * elements * sizeof(float) / best;

        double Copy(int count)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++) kernels.Axpby(1f, from.Block, 0f, to.Block);
            Span<float> last = stackalloc float[1];
            kernels.Download(to.Block.Slice(elements - 1), last);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
