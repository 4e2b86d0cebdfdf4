using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>A matrix to invert: <c>scale·S + shift·I</c>.</summary>
/// <param name="Sum">S, [order × order].</param>
/// <param name="Scale">Of S.</param>
/// <param name="Shift">On the diagonal.</param>
/// <param name="Order">n.</param>
/// <param name="Name">What a failure calls it.</param>
internal sealed record DampedSum(double[] Sum, double Scale, double Shift, int Order, string Name);

/// <summary>
/// Inverses of many damped matrices, factored in fp64 and rounded to fp32. Matrices of one order go in batches: small ones keep every thread
/// busy that way, one matrix each. An inverse does not depend on its batch.
/// </summary>
internal static class DampedInverses
{
    /// <summary>fp64 memory of a batch, unless one matrix takes more.</summary>
    private const long BatchBytes = 256L << 20;

    /// <exception cref="NotPositiveDefiniteException">Names the first matrix that is not; nothing raises the damping silently.</exception>
    public static DeviceFloats[] Compute(IKernels kernels, IReadOnlyList<DampedSum> sums, double damping)
    {
        var inverses = new DeviceFloats[sums.Count];
        int[] pivots = new int[sums.Count];
        try
        {
            foreach (IGrouping<int, int> order in Enumerable.Range(0, sums.Count).GroupBy(i => sums[i].Order))
            {
                foreach (int[] batch in order.Chunk(BatchSize(order.Key, kernels.Threads))) Invert(kernels, sums, batch, pivots, inverses);
            }
            int failed = Array.FindIndex(pivots, pivot => pivot >= 0);
            if (failed >= 0) throw new NotPositiveDefiniteException(sums[failed].Name, sums[failed].Order, pivots[failed], damping);
            return inverses;
        }
        catch
        {
            foreach (DeviceFloats? inverse in inverses) inverse?.Dispose();
            throw;
        }
    }

    /// <summary>As many as the memory holds, in whole rounds of all threads where that is more than one round.</summary>
    private static int BatchSize(int order, int threads)
    {
        long fitting = Math.Clamp(BatchBytes / Math.Max(1, sizeof(double) * (long)order * order), 1, int.MaxValue);
        return (int)(fitting > threads ? fitting / threads * threads : fitting);
    }

    private static void Invert(IKernels kernels, IReadOnlyList<DampedSum> sums, int[] batch, int[] pivots, DeviceFloats[] inverses)
    {
        int n = sums[batch[0]].Order;
        long length = (long)n * n;
        using DeviceMemory memory = kernels.Allocate(batch.Length * length * sizeof(double)), report = kernels.Allocate(batch.Length * sizeof(int));
        Block<double> all = memory.AsBlock<double>();
        for (int i = 0; i < batch.Length; i++)
        {
            DampedSum sum = sums[batch[i]];
            Block<double> a = all.Slice(i * length, length);
            kernels.Upload<double>(sum.Sum, a);
            kernels.Damp(n, sum.Scale, sum.Shift, a, a);
        }
        kernels.CholeskyFactorBatch(batch.Length, n, all, n, length, report.AsBlock<int>());
        int[] found = new int[batch.Length];
        kernels.Download<int>(report.AsBlock<int>(), found);
        for (int i = 0; i < batch.Length; i++) pivots[batch[i]] = found[i];
        if (found.Any(pivot => pivot >= 0)) return;
        kernels.CholeskyInverseBatch(batch.Length, n, all, n, length);
        for (int i = 0; i < batch.Length; i++)
        {
            inverses[batch[i]] = new DeviceFloats(kernels, length);
            kernels.Narrow(1, all.Slice(i * length, length), inverses[batch[i]].Block);
        }
    }
}
