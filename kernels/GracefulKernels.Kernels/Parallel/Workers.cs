using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The one place threads come from. The caller works too; helpers spin a little for the next job, then sleep. A job that arrives
/// while another one runs (from a second user thread, or from inside a job) runs on its caller alone: never a wait, never a deadlock.
/// </summary>
internal sealed unsafe class Workers : IDisposable
{
    // A job joins helpers through one word: the top bit says that chunks are left, the rest counts the helpers inside.
    private const int Open = 1 << 30;
    private const int SpinsBeforeSleep = 2000;
    private const int SpinsBeforeYield = 50;

    /// <summary>Fused multiply-adds below which a second thread costs more than it brings: a few microseconds of one core.</summary>
    private const long SmallWork = 200_000;

    private readonly Lock _caller = new();
    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private int _generation;
    private int _sleepers;
    private int _members;
    private int _next;
    private int _chunks;
    private delegate*<void*, int, void> _body;
    private void* _job;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _stopping;

    public Workers(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        _threads = new Thread[count - 1];
        try
        {
            for (int i = 0; i < _threads.Length; i++)
            {
                _threads[i] = new Thread(Help) { IsBackground = true, Name = $"graceful {i + 1}" };
                _threads[i].Start();
            }
        }
        catch
        {
            // No more threads to be had: those that began must not wait for ever.
            End();
            throw;
        }
    }

    /// <summary>Threads that work on a job, the caller included.</summary>
    public int Count { get; }

    /// <summary>Threads that <paramref name="work"/> fused multiply-adds are worth: all, or the caller alone.</summary>
    public int ThreadsFor(long work) => work < SmallWork ? 1 : Count;

    /// <summary><see cref="Run{TJob}(int, ref TJob)"/> where the chunks do <paramref name="work"/> fused multiply-adds together, which may be too little to share.</summary>
    public void Run<TJob>(int chunks, ref TJob job, long work) where TJob : struct, IJob
    {
        if (ThreadsFor(work) > 1) Run(chunks, ref job);
        else RunAlone(chunks, ref job);
    }

    /// <summary>Runs every chunk of <paramref name="job"/> and returns when all are done. The first exception of a chunk is thrown here.</summary>
    public void Run<TJob>(int chunks, ref TJob job) where TJob : struct, IJob
    {
        if (chunks <= 1 || Count == 1 || _caller.IsHeldByCurrentThread || !_caller.TryEnter())
        {
            RunAlone(chunks, ref job);
            return;
        }
        try
        {
            // A job on the stack stays where it is; one inside an object must not be moved while helpers hold its address.
            fixed (byte* pinned = &Unsafe.As<TJob, byte>(ref job)) Share(&Invoke<TJob>, pinned, chunks);
        }
        finally
        {
            _caller.Exit();
        }
    }

    public void Dispose()
    {
        End();
        foreach (Thread thread in _threads) thread.Join();
    }

    private void End()
    {
        _stopping = true;
        lock (_gate) Monitor.PulseAll(_gate);
    }

    private static void RunAlone<TJob>(int chunks, ref TJob job) where TJob : struct, IJob
    {
        for (int i = 0; i < chunks; i++) job.Execute(i);
    }

    /// <summary>
    /// Opens the job, works, closes it and waits until no helper is inside. A helper that wakes late finds the job closed, or a later one open:
    /// what it reads after joining is that job's, because all of it is written before the word that it joins through, and only while nobody is in.
    /// </summary>
    private void Share(delegate*<void*, int, void> body, void* job, int chunks)
    {
        _body = body;
        _job = job;
        _chunks = chunks;
        _next = 0;
        _failure = null;
        Volatile.Write(ref _members, Open);
        Interlocked.Increment(ref _generation);
        try
        {
            if (Volatile.Read(ref _sleepers) > 0) lock (_gate) Monitor.PulseAll(_gate);
            Work();
        }
        finally
        {
            // In any case, even where the caller is interrupted as it wakes the others: they hold the address of its job.
            Interlocked.And(ref _members, ~Open);
            // No SpinWait: after some turns it sleeps, and a sleep ends by an interruption that is still due, with a helper inside.
            for (int turn = 0; Volatile.Read(ref _members) != 0; turn++)
            {
                if (turn < SpinsBeforeYield) Thread.SpinWait(8);
                else Thread.Yield();
            }
        }
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
    }

    private static void Invoke<TJob>(void* job, int chunk) where TJob : struct, IJob => Unsafe.AsRef<TJob>(job).Execute(chunk);

    private void Work()
    {
        try
        {
            while (true)
            {
                int chunk = Interlocked.Increment(ref _next) - 1;
                if (chunk >= _chunks) return;
                _body(_job, chunk);
            }
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            Volatile.Write(ref _next, _chunks);
        }
    }

    private void Help()
    {
        int seen = 0;
        while (!_stopping)
        {
            int generation = WaitForNext(seen);
            if (generation == seen) continue;
            seen = generation;
            if (TryJoin())
            {
                Work();
                Interlocked.Decrement(ref _members);
            }
        }
    }

    private int WaitForNext(int seen)
    {
        for (int i = 0; i < SpinsBeforeSleep; i++)
        {
            int now = Volatile.Read(ref _generation);
            if (now != seen || _stopping) return now;
            Thread.SpinWait(8);
        }
        lock (_gate)
        {
            // The caller raises the generation before it looks for sleepers; a helper counts itself before it looks at the generation.
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _generation) == seen && !_stopping) Monitor.Wait(_gate);
            Interlocked.Decrement(ref _sleepers);
            return Volatile.Read(ref _generation);
        }
    }

    private bool TryJoin()
    {
        while (true)
        {
            int members = Volatile.Read(ref _members);
            if ((members & Open) == 0) return false;
            if (Interlocked.CompareExchange(ref _members, members + 1, members) == members) return true;
        }
    }
}
