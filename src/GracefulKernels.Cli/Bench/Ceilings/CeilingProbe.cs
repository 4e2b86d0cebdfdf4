using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Measures <see cref="MachineCeilings"/>.</summary>
internal static class CeilingProbe
{
    private const long MemoryBytes = 256L << 20;

    public static MachineCeilings Measure(CpuTarget target, int threads, bool quick)
    {
        MeasureTime time = quick ? new MeasureTime(5, 0.1, 1, 0) : new MeasureTime(10, 0.4, 3, 0);
        using Workers workers = new(threads);
        (double fma32, double fma64) = target switch
        {
            CpuTarget.Avx512 => (FmaPeak.Gflops<Single512>(workers, time), FmaPeak.Gflops<Double512>(workers, time)),
            CpuTarget.Avx2 => (FmaPeak.Gflops<Single256>(workers, time), FmaPeak.Gflops<Double256>(workers, time)),
            CpuTarget.Vector128 => (FmaPeak.Gflops<Single128>(workers, time), FmaPeak.Gflops<Double128>(workers, time)),
            _ => (FmaPeak.Gflops<SingleScalar>(workers, time), FmaPeak.Gflops<DoubleScalar>(workers, time)),
        };
        using HostMemory memory = new(MemoryBytes);
        Block<byte> block = memory.AsBlock<byte>();
        // Pages that were never written are all one page of zeros, and reading it is reading the cache.
        RandomData.Fill(memory.AsBlock<float>(), -1, 1);
        return Vector512.IsHardwareAccelerated ? Measure<Bytes512>(target, workers, block, time, fma32, fma64)
            : Vector256.IsHardwareAccelerated ? Measure<Bytes256>(target, workers, block, time, fma32, fma64)
            : Measure<Bytes128>(target, workers, block, time, fma32, fma64);
    }

    private static MachineCeilings Measure<TRegister>(
        CpuTarget target, Workers workers, Block<byte> memory, MeasureTime time, double fma32, double fma64)
        where TRegister : struct, IByteRegister<TRegister>
    {
        MemoryRates<TRegister> rates = new(workers, memory, time);
        bool nonTemporal = Sse2.IsSupported || AdvSimd.IsSupported;
        return new MachineCeilings(
            target.ToString().ToLowerInvariant(),
            workers.Count,
            fma32,
            fma64,
            rates.Read(),
            rates.Copy(nonTemporal: false),
            nonTemporal ? rates.Copy(nonTemporal: true) : null,
            rates.L2(),
            ExpRate.Gps(target, workers, time));
    }
}
