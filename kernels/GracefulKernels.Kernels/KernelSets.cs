namespace GracefulKernels.Kernels;

/// <summary>Instruction sets of the CPU kernels, best first.</summary>
internal enum CpuTarget
{
    Avx512,
    Avx2,
    Vector128,
    Scalar,
}

/// <summary>The one place that maps a target to its kernel set.</summary>
internal static class KernelSets
{
    /// <summary>Whether this processor (and this process) can run <paramref name="target"/>.</summary>
    public static bool IsSupported(CpuTarget target) => target switch
    {
        CpuTarget.Avx512 => Lanes512.IsSupported,
        CpuTarget.Avx2 => Lanes256.IsSupported,
        CpuTarget.Vector128 => Lanes128.IsSupported,
        CpuTarget.Scalar => true,
        _ => throw new ArgumentOutOfRangeException(nameof(target)),
    };

    /// <summary>The best target that is supported here.</summary>
    public static CpuTarget Best
    {
        get
        {
            CpuTarget target = CpuTarget.Avx512;
            while (!IsSupported(target)) target++;
            return target;
        }
    }

    /// <summary>A new CPU set. <paramref name="target"/> must be supported.</summary>
    public static IKernels CreateCpu(CpuTarget target, int threads) => target switch
    {
        CpuTarget.Avx512 => new CpuKernels<Lanes512, DoubleLanes512>(threads),
        CpuTarget.Avx2 => new CpuKernels<Lanes256, DoubleLanes256>(threads),
        CpuTarget.Vector128 => new CpuKernels<Lanes128, DoubleLanes128>(threads),
        CpuTarget.Scalar => new CpuKernels<LanesScalar, DoubleLanesScalar>(threads),
        _ => throw new ArgumentOutOfRangeException(nameof(target)),
    };
}
