using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Rates of memory and of the second-level cache, in 10⁹ bytes a second.</summary>
internal sealed unsafe class MemoryRates<TRegister>(Workers workers, Block<byte> memory, MeasureTime time)
    where TRegister : struct, IByteRegister<TRegister>
{
    private const int L2Bytes = 512 << 10;
    private const int L2Rounds = 64;
    private const int Stride = 256;
    private const int Ahead = 1024;

    private enum Order
    {
        Plain,
        Prefetched,
        Streams,
    }

    private readonly ulong[] _results = new ulong[workers.Count * 8];

    /// <summary>Reads the whole block; in the fastest of several orders, since no single one is the fastest on every machine.</summary>
    public double Read()
    {
        long part = memory.Length / workers.Count / 65536 * 65536;
        return Enum.GetValues<Order>().Max(order => Rate(new ReadJob(memory.Pointer, part, 1, order, _results), part));
    }

    /// <summary>Copies the lower half of the block to the upper; bytes read and bytes written both count.</summary>
    public double Copy(bool nonTemporal)
    {
        long part = memory.Length / 2 / workers.Count / 4096 * 4096;
        return Rate(new CopyJob(memory.Pointer, memory.Pointer + (memory.Length / 2), part, nonTemporal), 2 * part);
    }

    /// <summary>Reads 512 KB a core again and again.</summary>
    public double L2() => Rate(new ReadJob(memory.Pointer, L2Bytes, L2Rounds, Order.Plain, _results), (long)L2Bytes * L2Rounds);

    private double Rate<TJob>(TJob job, long bytesOfThread) where TJob : struct, IJob
    {
        void Run() => workers.Run(workers.Count, ref job);
        Run();
        return bytesOfThread * (double)workers.Count / Measurement.Of(Run, null, time).Min / 1e9;
    }

    private readonly struct ReadJob(byte* memory, long part, int rounds, Order order, ulong[] results) : IJob
    {
        public void Execute(int chunk)
        {
            byte* begin = memory + (chunk * part);
            ulong sum = 0;
            for (int i = 0; i < rounds; i++)
            {
                sum ^= order switch
                {
                    Order.Plain => ReadPlain(begin, part),
                    Order.Prefetched => ReadPrefetched(begin, part),
                    _ => ReadStreams(begin, part),
                };
            }
            results[chunk * 8] = sum;
        }
    }

    private readonly struct CopyJob(byte* source, byte* destination, long part, bool nonTemporal) : IJob
    {
        public void Execute(int chunk)
        {
            long offset = chunk * part;
            if (nonTemporal) CopyPast(source + offset, destination + offset, part);
            else CopyThrough(source + offset, destination + offset, part);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong ReadPlain(byte* source, long bytes)
    {
        TRegister a = TRegister.Zero, b = a, c = a, d = a;
        for (byte* p = source, end = source + bytes; p < end; p += Stride)
        {
            for (int i = 0; i < Stride; i += 4 * TRegister.Bytes) Four(p + i, ref a, ref b, ref c, ref d);
        }
        return TRegister.First(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong ReadPrefetched(byte* source, long bytes)
    {
        TRegister a = TRegister.Zero, b = a, c = a, d = a;
        for (byte* p = source, end = source + bytes; p < end; p += Stride)
        {
            Prefetch(p + Ahead);
            for (int i = 0; i < Stride; i += 4 * TRegister.Bytes) Four(p + i, ref a, ref b, ref c, ref d);
        }
        return TRegister.First(a ^ b ^ c ^ d);
    }

    // Four places at once keep more misses in flight than one stream does.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong ReadStreams(byte* source, long bytes)
    {
        long stream = bytes / 4;
        TRegister a = TRegister.Zero, b = a, c = a, d = a;
        for (byte* p = source, end = source + stream; p < end; p += Stride)
        {
            for (byte* s = p; s < p + bytes; s += stream)
            {
                Prefetch(s + Ahead);
                for (int i = 0; i < Stride; i += 4 * TRegister.Bytes) Four(s + i, ref a, ref b, ref c, ref d);
            }
        }
        return TRegister.First(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(byte* p, ref TRegister a, ref TRegister b, ref TRegister c, ref TRegister d)
    {
        a ^= TRegister.Load(p);
        b ^= TRegister.Load(p + TRegister.Bytes);
        c ^= TRegister.Load(p + (2 * TRegister.Bytes));
        d ^= TRegister.Load(p + (3 * TRegister.Bytes));
    }

    // A hint never faults, also not past the end of the memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* p)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < Stride; i += 64) Sse.Prefetch0(p + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyThrough(byte* source, byte* destination, long bytes)
    {
        int w = TRegister.Bytes;
        for (long i = 0; i < bytes; i += 4 * w)
        {
            TRegister a = TRegister.Load(source + i), b = TRegister.Load(source + i + w);
            TRegister c = TRegister.Load(source + i + (2 * w)), d = TRegister.Load(source + i + (3 * w));
            TRegister.Store(destination + i, a);
            TRegister.Store(destination + i + w, b);
            TRegister.Store(destination + i + (2 * w), c);
            TRegister.Store(destination + i + (3 * w), d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyPast(byte* source, byte* destination, long bytes)
    {
        int w = TRegister.Bytes;
        for (long i = 0; i < bytes; i += 4 * w)
        {
            TRegister a = TRegister.Load(source + i), b = TRegister.Load(source + i + w);
            TRegister c = TRegister.Load(source + i + (2 * w)), d = TRegister.Load(source + i + (3 * w));
            TRegister.StoreNonTemporal(destination + i, a);
            TRegister.StoreNonTemporal(destination + i + w, b);
            TRegister.StoreNonTemporal(destination + i + (2 * w), c);
            TRegister.StoreNonTemporal(destination + i + (3 * w), d);
        }
    }
}
