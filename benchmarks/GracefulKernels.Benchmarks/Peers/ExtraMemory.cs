using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>What a call takes beside its operands.</summary>
internal static class ExtraMemory
{
    /// <summary>Bytes of scratch memory after one call, on a thread of its own, where it begins empty.</summary>
    public static long Of(BenchCase bench, CpuTarget target)
    {
        long bytes = 0;
        Thread thread = new(() =>
        {
            using IKernels kernels = KernelSets.CreateCpu(target, 1);
            using Operands operands = new(kernels);
            bench.Prepare(kernels, operands);
            operands.Run();
            bytes = Scratch.ByteLength;
        });
        thread.Start();
        thread.Join();
        return bytes;
    }
}
