using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Measures <see cref="MachineCeilings"/> of a GPU with kernels that do one thing each.</summary>
internal static class DeviceProbe
{
    private const long MostBytes = 512L << 20;
    private const int L2Bytes = 8 << 20;
    private const int L2Rounds = 64;

    public static MachineCeilings Measure(GpuKernels kernels, string code, bool quick)
    {
        MeasureTime time = MeasureTime.Device(quick);
        using DeviceMemory memory = kernels.Allocate(Math.Min(MostBytes, kernels.Accelerator.MemorySize / 16 / 4096 * 4096));
        Block<float> all = memory.AsBlock<float>(), half = all.Slice(0, all.Length / 2), other = all.Slice(all.Length / 2);
        kernels.Zero(all);
        return new MachineCeilings(
            code,
            1,
            Operations(fp64: false),
            Operations(fp64: true),
            Rate(memory.ByteLength, () => kernels.RunRead(all, 1)),
            Rate(memory.ByteLength, () => kernels.Axpby(1f, half, 0f, other)),
            null,
            Rate((double)L2Bytes * L2Rounds, () => kernels.RunRead(all.Slice(0, L2Bytes / sizeof(float)), L2Rounds)),
            // The losses' exponentials are arithmetic like the rest on a GPU: they have no ceiling of their own.
            null);

        double Rate(double count, Action run)
        {
            run();
            return count / Measurement.Of(run, null, time, kernels.Synchronize).Min / 1e9;
        }

        double Operations(bool fp64)
        {
            const int Rounds = 256;
            double count = kernels.RunMultiplyAdds(fp64, Rounds);
            return Rate(count, () => kernels.RunMultiplyAdds(fp64, Rounds));
        }
    }
}
