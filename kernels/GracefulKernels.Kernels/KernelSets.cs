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
        CpuTarget.Scalar => ScalarSupport.IsSupported,
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
        // Where the compiler knows that an instruction set is not here, its kernels are left out of the program.
        CpuTarget.Avx512 when Lanes512.IsSupported => new CpuKernels<Lanes512, DoubleLanes512>(threads),
        CpuTarget.Avx2 when Lanes256.IsSupported => new CpuKernels<Lanes256, DoubleLanes256>(threads),
        CpuTarget.Vector128 when Lanes128.IsSupported => new CpuKernels<Lanes128, DoubleLanes128>(threads),
        CpuTarget.Scalar when ScalarSupport.IsSupported => new CpuKernels<LanesScalar, DoubleLanesScalar>(threads),
        _ => throw new ArgumentOutOfRangeException(nameof(target)),
    };
}
