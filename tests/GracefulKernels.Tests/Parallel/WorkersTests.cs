using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public class WorkersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void EveryChunkRunsOnce(int threads)
    {
        using var workers = new Workers(threads);
        for (int round = 0; round < 200; round++)
        {
            int[] hits = new int[37];
            var job = new Count { Hits = hits };
            workers.Run(hits.Length, ref job);
            Assert.All(hits, h => Assert.Equal(1, h));
        }
    }

    [Fact]
    public void AFailureReachesTheCallerAndThePoolGoesOn()
    {
        using var workers = new Workers(3);
        var bad = new Fails();
        Assert.Throws<InvalidOperationException>(() => workers.Run(64, ref bad));
        int[] hits = new int[100];
        var job = new Count { Hits = hits };
        workers.Run(hits.Length, ref job);
        Assert.All(hits, h => Assert.Equal(1, h));
    }

    [Fact]
    public void CallersOnSeveralThreadsDoNotMeet()
    {
        using var workers = new Workers(3);
        System.Threading.Tasks.Parallel.For(0, 64, _ =>
        {
            int[] hits = new int[50];
            var job = new Count { Hits = hits };
            workers.Run(hits.Length, ref job);
            Assert.All(hits, h => Assert.Equal(1, h));
        });
    }

    private struct Count : IJob
    {
        public int[] Hits;

        public readonly void Execute(int chunk) => Interlocked.Increment(ref Hits[chunk]);
    }

    private struct Fails : IJob
    {
        public readonly void Execute(int chunk)
        {
            if (chunk == 17) throw new InvalidOperationException("chunk 17");
        }
    }
}
