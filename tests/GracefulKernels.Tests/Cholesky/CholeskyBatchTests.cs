using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>A batch is its matrices one by one, bit for bit, whichever of them run beside one another or share the threads.</summary>
public abstract class CholeskyBatchTests(KernelFamily family)
{
    public static TheoryData<int, int> Shapes => new()
    {
        { 1, 5 }, { 2, 1 }, { 3, 17 }, { 4, 48 }, { 5, 49 }, { 16, 30 }, { 2, 96 }, { 3, 150 },
        // More than one panel: what is left over shares the threads.
        { 1, 200 }, { 3, 200 }, { 4, 193 }, { 7, 240 }, { 6, 385 },
        // More matrices than a device has places for groups.
        { 700, 3 }, { 150, 65 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EachMatrixAsAlone(int count, int n)
    {
        int ld = n + (n % 3), length = ((n - 1) * ld) + n, stride = length + (n % 5);
        double[][] alone = [.. Enumerable.Range(0, count).Select(i => SymmetricMatrix.Spread(n, ld, SymmetricMatrix.PositiveDefinite(n, i), double.NaN, lowerOnly: true))];
        double[] all = Join(alone, stride);
        IKernels single = Alone;
        double[] factors = family.Run(all, (k, o) =>
        {
            using var pivots = new GuardedBuffer<int>(count);
            k.CholeskyFactorBatch(count, n, o, ld, stride, pivots.Block);
            Assert.All(pivots.Span.ToArray(), pivot => Assert.Equal(-1, pivot));
        }, $"factor {count} × {n}");
        double[] inverses = family.Run(factors, (k, o) => k.CholeskyInverseBatch(count, n, o, ld, stride), $"inverse {count} × {n}");
        foreach (double[] a in alone)
        {
            using var buffer = new GuardedBuffer<double>(a);
            Assert.Equal(-1, single.CholeskyFactor(n, buffer.Block, ld));
            buffer.Span.CopyTo(a);
        }
        Everywhere.AssertSame<double>(Join(alone, stride), factors, "factors");
        foreach (double[] a in alone)
        {
            using var buffer = new GuardedBuffer<double>(a);
            single.CholeskyInverse(n, buffer.Block, ld);
            buffer.Span.CopyTo(a);
        }
        Everywhere.AssertSame<double>(Join(alone, stride), inverses, "inverses");
    }

    [Fact]
    public void EveryOrderTo70()
    {
        for (int n = 0; n <= 70; n++)
        {
            if (!family.IsCpu && n % 7 > 1) continue;
            int stride = Math.Max(1, n * n);
            double[][] alone = [.. Enumerable.Range(0, 3).Select(i => SymmetricMatrix.PositiveDefinite(n, n + i))];
            double[] all = Join(alone, stride);
            IKernels single = Alone;
            double[] inverses = family.Run(all, (k, o) =>
            {
                using var pivots = new GuardedBuffer<int>(3);
                k.CholeskyFactorBatch(3, n, o, n, stride, pivots.Block);
                k.CholeskyInverseBatch(3, n, o, n, stride);
            }, $"n = {n}");
            foreach (double[] a in alone)
            {
                using var buffer = new GuardedBuffer<double>(a, guardBefore: true);
                single.CholeskyFactor(n, buffer.Block, n);
                single.CholeskyInverse(n, buffer.Block, n);
                buffer.Span.CopyTo(a);
            }
            Everywhere.AssertSame<double>(Join(alone, stride), inverses, $"n = {n}");
        }
    }

    /// <summary>Where the work of one call follows on that of another with nothing copied between, and matrices do not begin an allocation.</summary>
    [Fact]
    public void InDeviceMemory()
    {
        const int N = 190, Ld = 193, Count = 3, Length = ((N - 1) * Ld) + N, Offset = 3;
        double[] all = Join([.. Enumerable.Range(0, Count).Select(i => SymmetricMatrix.Spread(N, Ld, SymmetricMatrix.PositiveDefinite(N, i), double.NaN, lowerOnly: true))], Length);
        double[] expected = family.Run(all, (k, o) =>
        {
            using var pivots = new GuardedBuffer<int>(Count);
            k.CholeskyFactorBatch(Count, N, o, Ld, Length, pivots.Block);
            k.CholeskyInverseBatch(Count, N, o, Ld, Length);
        });
        foreach (IKernels k in family.Sets)
        {
            using DeviceMemory memory = k.Allocate((all.Length + Offset) * sizeof(double)), report = k.Allocate(Count * sizeof(int));
            Block<double> matrices = memory.AsBlock<double>().Slice(Offset, all.Length);
            Block<int> pivots = report.AsBlock<int>().Slice(0, Count);
            k.Upload<double>(all, matrices);
            k.CholeskyFactorBatch(Count, N, matrices, Ld, Length, pivots);
            k.CholeskyInverseBatch(Count, N, matrices, Ld, Length);
            double[] inverses = new double[all.Length];
            int[] found = new int[Count];
            k.Download(matrices, inverses.AsSpan());
            k.Download(pivots, found.AsSpan());
            Everywhere.AssertSame<double>(expected, inverses, k.Name);
            Assert.All(found, pivot => Assert.Equal(-1, pivot));
        }
    }

    [Theory]
    [InlineData(60, 48)]
    [InlineData(260, 191)]
    [InlineData(260, 192)]
    [InlineData(260, 256)]
    [InlineData(64, 63)]
    [InlineData(65, 64)]
    public void OneThatFailsIsNamedAndSpoilsNoOther(int n, int pivot)
    {
        const int Count = 4, Bad = 2;
        int length = n * n;
        double[][] alone = [.. Enumerable.Range(0, Count).Select(i => SymmetricMatrix.PositiveDefinite(n, i))];
        for (int j = 0; j < n; j++) alone[Bad][(pivot * n) + j] = alone[Bad][(j * n) + pivot] = 0;
        double[] all = Join(alone, length);
        foreach (IKernels k in family.SetsAndThreads)
        {
            using var buffer = new GuardedBuffer<double>(all);
            using var pivots = new GuardedBuffer<int>(Count);
            k.CholeskyFactorBatch(Count, n, buffer.Block, n, length, pivots.Block);
            Assert.Equal([-1, -1, pivot, -1], pivots.Span.ToArray());
            for (int i = 0; i < Count; i++)
            {
                if (i == Bad) continue;
                using var one = new GuardedBuffer<double>(alone[i]);
                k.CholeskyFactor(n, one.Block, n);
                Everywhere.AssertSame<double>(one.Span, buffer.Span.Slice(i * length, length), $"{k.Name}, {k.Threads} threads, matrix {i}");
            }
        }
    }

    /// <summary>What single calls run on: one thread, or the device.</summary>
    private IKernels Alone => family.IsCpu ? KernelSetCases.Get(KernelSets.Best, 1) : family.Best;

    /// <summary>Matrices <paramref name="stride"/> apart, ending with the last element of the last.</summary>
    private static double[] Join(double[][] matrices, int stride)
    {
        double[] all = new double[((matrices.Length - 1) * stride) + matrices[0].Length];
        for (int i = 0; i < matrices.Length; i++) matrices[i].CopyTo(all, i * stride);
        return all;
    }
}

public sealed class CholeskyBatchTestsOnCpu() : CholeskyBatchTests(KernelFamily.Cpu);

public sealed class CholeskyBatchTestsOnGpu() : CholeskyBatchTests(KernelFamily.Gpu);
