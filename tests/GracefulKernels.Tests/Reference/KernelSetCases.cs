using System.Collections.Concurrent;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The kernel sets that this processor can run, each created once: a test of an operation runs on all of them in one process.</summary>
internal static class KernelSetCases
{
    private static readonly ConcurrentDictionary<(CpuTarget Target, int Threads), IKernels> Sets = new();

    public static IReadOnlyList<CpuTarget> Targets { get; } = [.. Enum.GetValues<CpuTarget>().Where(KernelSets.IsSupported)];

    /// <summary>For <c>[MemberData]</c>: one row a target.</summary>
    public static TheoryData<string> Names => [.. Targets.Select(t => t.ToString())];

    public static IKernels Get(CpuTarget target, int threads = 2) => Sets.GetOrAdd((target, threads), k => KernelSets.CreateCpu(k.Target, k.Threads));

    public static IKernels Get(string name, int threads = 2) => Get(Enum.Parse<CpuTarget>(name), threads);

    /// <summary>Every target with 1, 2, 3 and 5 threads: what must agree bit for bit.</summary>
    public static IEnumerable<IKernels> All()
    {
        foreach (CpuTarget target in Targets)
        {
            foreach (int threads in new[] { 1, 2, 3, 5 }) yield return Get(target, threads);
        }
    }
}
