using System.Runtime.CompilerServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Rates of memory and of the second-level cache, in 10⁹ bytes a second.</summary>
internal sealed unsafe class MemoryRates<TRegister>(Workers workers, Block<byte> memory, MeasureTime time)
    where TRegister : struct, IByteRegister<TRegister>
{
    private const int L2Bytes = 512 << 10;
    private const int L2Rounds = 64;

    private readonly ulong[] _results = new ulong[workers.Count * 8];

    /// <summary>Reads the whole block.</summary>
    public double Read()
    {
        long part = memory.Length / workers.Count / 4096 * 4096;
        double linear = Rate(new ReadJob(memory.Pointer, part, 1, 1, _results), part);
        double streams = Rate(new ReadJob(memory.Pointer, part, 1, 8, _results), part);
        return Math.Max(linear, streams);
    }

    /// <summary>Copies the lower half of the block to the upper; bytes read and bytes written both count.</summary>
    public double Copy(bool nonTemporal)
    {
        long part = memory.Length / 2 / workers.Count / 4096 * 4096;
        return Rate(new CopyJob(memory.Pointer, memory.Pointer + (memory.Length / 2), part, nonTemporal), 2 * part);
    }

    /// <summary>Reads 512 KB a core again and again.</summary>
    public double L2() => Rate(new ReadJob(memory.Pointer, L2Bytes, L2Rounds, 1, _results), (long)L2Bytes * L2Rounds);

    private double Rate<TJob>(TJob job, long bytesOfThread) where TJob : struct, IJob
    {
        void Run() => workers.Run(workers.Count, ref job);
        Run();
        return bytesOfThread * (double)workers.Count / Measurement.Of(Run, null, time).Min / 1e9;
    }

    private readonly struct ReadJob(byte* memory, long part, int rounds, int streams, ulong[] results) : IJob
    {
        public void Execute(int chunk)
        {
            byte* begin = memory + (chunk * part);
            ulong sum = 0;
            for (int i = 0; i < rounds; i++) sum ^= streams == 1 ? ReadLinear(begin, part) : ReadStreams(begin, part);
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
    private static ulong ReadLinear(byte* source, long bytes)
    {
        int w = TRegister.Bytes;
        TRegister a = TRegister.Zero, b = a, c = a, d = a;
        for (byte* p = source, end = source + bytes; p < end; p += 8 * w)
        {
            a ^= TRegister.Load(p);
            b ^= TRegister.Load(p + w);
            c ^= TRegister.Load(p + (2 * w));
            d ^= TRegister.Load(p + (3 * w));
            a ^= TRegister.Load(p + (4 * w));
            b ^= TRegister.Load(p + (5 * w));
            c ^= TRegister.Load(p + (6 * w));
            d ^= TRegister.Load(p + (7 * w));
        }
        return TRegister.First(a ^ b ^ c ^ d);
    }

    // Eight places at once keep more misses in flight than the prefetcher of one stream does.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong ReadStreams(byte* source, long bytes)
    {
        long s = bytes / 8;
        int w = TRegister.Bytes;
        TRegister a = TRegister.Zero, b = a, c = a, d = a;
        for (byte* p = source, end = source + s; p < end; p += w)
        {
            a ^= TRegister.Load(p);
            b ^= TRegister.Load(p + s);
            c ^= TRegister.Load(p + (2 * s));
            d ^= TRegister.Load(p + (3 * s));
            a ^= TRegister.Load(p + (4 * s));
            b ^= TRegister.Load(p + (5 * s));
            c ^= TRegister.Load(p + (6 * s));
            d ^= TRegister.Load(p + (7 * s));
        }
        return TRegister.First(a ^ b ^ c ^ d);
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
