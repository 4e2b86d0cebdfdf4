using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// Many short jobs under all that can happen between them: helpers asleep or late, several callers, jobs inside jobs, failures, the end of the pool.
/// Every job checks that each of its chunks ran once, with its own data, before <see cref="Workers.Run{TJob}(int, ref TJob)"/> returned.
/// </summary>
public class WorkersStressTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(0.7);

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void ShortJobsOfChangingSizes(int threads)
    {
        using var workers = new Workers(threads);
        var clock = Stopwatch.StartNew();
        for (int round = 0; clock.Elapsed < Duration; round++)
        {
            Assert.Equal(2 + (round % 7), Hits(workers, 2 + (round % 7), round));
            // Long enough now and then for the helpers to fall asleep, and at every stage of falling asleep.
            if (round % 64 == 0) Thread.Sleep(round % 3);
            else if (round % 16 == 0) Thread.SpinWait(round % 50_000);
        }
    }

    [Fact]
    public void SeveralCallersOfOnePoolWithJobsInsideJobs()
    {
        using var workers = new Workers(3);
        OnThreads(4, seed =>
        {
            var random = new Random(seed);
            var clock = Stopwatch.StartNew();
            while (clock.Elapsed < Duration)
            {
                int chunks = random.Next(0, 9);
                var job = new Nested { Workers = workers, Counts = new int[chunks] };
                workers.Run(chunks, ref job);
                Assert.All(job.Counts, count => Assert.Equal(3, count));
                if (random.Next(50) == 0) Thread.Sleep(1);
            }
        });
    }

    [Fact]
    public void FailuresOfOneCallerReachNoOther()
    {
        using var workers = new Workers(3);
        OnThreads(3, seed =>
        {
            var clock = Stopwatch.StartNew();
            for (int round = 0; clock.Elapsed < Duration; round++)
            {
                if (seed == 0)
                {
                    var job = new Failing { At = round % 5, Message = $"round {round}" };
                    var e = Assert.Throws<InvalidOperationException>(() =>
                    {
                        Failing own = job;
                        workers.Run(5, ref own);
                    });
                    Assert.Equal($"round {round}", e.Message);
                }
                else
                {
                    Assert.Equal(6, Hits(workers, 6, round));
                }
            }
        });
    }

    [Fact]
    public void TheFirstFailureEndsTheJobAndAllHelpersHaveLeft()
    {
        using var workers = new Workers(5);
        for (int round = 0; round < 300; round++)
        {
            int inside = 0;
            var job = new AllFail { Inside = new Doors(() => Interlocked.Increment(ref inside), () => Interlocked.Decrement(ref inside)) };
            Assert.Throws<InvalidOperationException>(() =>
            {
                AllFail own = job;
                workers.Run(40, ref own);
            });
            Assert.Equal(0, Volatile.Read(ref inside));
        }
    }

    [Fact]
    public void AJobInsideAnObjectMayBeMovedByTheCollector()
    {
        using var workers = new Workers(3);
        var clock = Stopwatch.StartNew();
        for (int round = 0; clock.Elapsed < Duration; round++)
        {
            _ = new byte[1000 + round % 1000];
            var holder = new Holder { Job = new Collecting { Marker = round, Seen = new int[12] } };
            workers.Run(12, ref holder.Job);
            Assert.All(holder.Job.Seen, seen => Assert.Equal(round, seen));
        }
    }

    [Fact]
    public void AnInterruptedCallerLeavesNoHelperBehind()
    {
        using var workers = new Workers(3);
        OnThreads(1, _ =>
        {
            for (int round = 0; round < 300; round++)
            {
                if (round % 8 == 0) Thread.Sleep(2);
                Thread.CurrentThread.Interrupt();
                int[] hits = new int[20];
                var job = new Count { Hits = hits };
                bool ended = true;
                try
                {
                    workers.Run(hits.Length, ref job);
                }
                catch (ThreadInterruptedException)
                {
                    ended = false;
                }
                int[] after = [.. hits];
                if (ended) Assert.All(hits, hit => Assert.Equal(1, hit));
                try
                {
                    Thread.Sleep(1);
                }
                catch (ThreadInterruptedException)
                {
                    // The interruption that was still due.
                }
                Assert.Equal(after, hits);
            }
        });
    }

    [Fact]
    public void ThePoolEndsWhateverItsHelpersDo()
    {
        for (int round = 0; round < 200; round++)
        {
            var workers = new Workers(1 + (round % 5));
            if (round % 3 != 0) Assert.Equal(9, Hits(workers, 9, round));
            if (round % 20 == 1) Thread.Sleep(3);
            else Thread.SpinWait(round * 40);
            workers.Dispose();
            workers.Dispose();
            // What still comes runs on its caller.
            Assert.Equal(9, Hits(workers, 9, round));
        }
    }

    [Fact]
    public void ThePoolEndsUnderAJobThatGoesOn()
    {
        for (int round = 0; round < 40; round++)
        {
            var workers = new Workers(3);
            using var started = new ManualResetEventSlim();
            OnThreads(2, seed =>
            {
                if (seed == 0)
                {
                    started.Wait();
                    workers.Dispose();
                    return;
                }
                for (int i = 0; i < 50; i++)
                {
                    if (i == round) started.Set();
                    Assert.Equal(30, Hits(workers, 30, i));
                }
            });
        }
    }

    private static int Hits(Workers workers, int chunks, int marker)
    {
        int[] hits = new int[chunks], markers = new int[chunks];
        var job = new Marked { Marker = marker, Hits = hits, Markers = markers };
        workers.Run(chunks, ref job);
        return hits.Count(hit => hit == 1) - markers.Count(m => m != marker);
    }

    private static void OnThreads(int count, Action<int> body)
    {
        var failures = new Exception?[count];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() => failures[i] = Record.Exception(() => body(i))))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromSeconds(60)), "a caller hangs");
        Assert.All(failures, Assert.Null);
    }

    private sealed class Holder
    {
        public Collecting Job;
    }

    private sealed record Doors(Action Enter, Action Leave);

    private struct Count : IJob
    {
        public int[] Hits;

        public readonly void Execute(int chunk) => Interlocked.Increment(ref Hits[chunk]);
    }

    private struct Marked : IJob
    {
        public int Marker;
        public int[] Hits, Markers;

        public readonly void Execute(int chunk)
        {
            // Plain writes: they are there when the job has ended.
            Hits[chunk]++;
            Markers[chunk] = Marker;
        }
    }

    private struct Nested : IJob
    {
        public Workers Workers;
        public int[] Counts;

        public readonly void Execute(int chunk)
        {
            int[] hits = new int[3];
            var inner = new Count { Hits = hits };
            Workers.Run(hits.Length, ref inner);
            Counts[chunk] += hits.Sum();
        }
    }

    private struct Failing : IJob
    {
        public int At;
        public string Message;

        public readonly void Execute(int chunk)
        {
            if (chunk == At) throw new InvalidOperationException(Message);
        }
    }

    private struct AllFail : IJob
    {
        public Doors Inside;

        public readonly void Execute(int chunk)
        {
            Inside.Enter();
            Thread.SpinWait(100);
            Inside.Leave();
            throw new InvalidOperationException($"chunk {chunk}");
        }
    }

    private struct Collecting : IJob
    {
        public int Marker;
        public int[] Seen;

        public readonly void Execute(int chunk)
        {
            if (chunk == 3) GC.Collect(0);
            Seen[chunk] = Marker;
        }
    }
}
