using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>Whether two results are the same but for rounding: a peer that computes something else is no peer.</summary>
internal static unsafe class Difference
{
    /// <summary>max |a − b| over max |a|.</summary>
    public static double Of(Block<float> a, Block<float> b) => Of(a.Length, i => a.Pointer[i], i => b.Pointer[i]);

    /// <summary>The same where the elements lie in another order, or only some are compared.</summary>
    public static double Of(long count, Func<long, double> a, Func<long, double> b)
    {
        double difference = 0, largest = 0;
        for (long i = 0; i < count; i++)
        {
            double x = a(i), d = Math.Abs(x - b(i));
            if (!(d <= difference)) difference = d;
            largest = Math.Max(largest, Math.Abs(x));
        }
        return difference / largest;
    }
}
