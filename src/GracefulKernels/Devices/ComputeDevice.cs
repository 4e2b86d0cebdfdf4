using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Where kernels run, and with which code. One device may be used by several threads at once. Dispose it to end its worker threads.
/// </summary>
public sealed class ComputeDevice : IDisposable
{
    private static readonly Lazy<ComputeDevice> Shared = new(() => Cpu());

    private ComputeDevice(IKernels kernels, SimdLevel simd)
    {
        Kernels = kernels;
        Simd = simd;
    }

    /// <summary>The processor with its best instruction set and all cores: what is used where no device is given. Never disposed.</summary>
    public static ComputeDevice Default => Shared.Value;

    /// <summary>What the device is called on the command line and in reports: <c>cpu</c>.</summary>
    public string Name => "cpu";

    /// <summary>The instruction set in use, never <see cref="SimdLevel.Auto"/>.</summary>
    public SimdLevel Simd { get; }

    /// <summary>Threads that one operation may use, the caller's included.</summary>
    public int Threads => Kernels.Threads;

    internal IKernels Kernels { get; }

    /// <summary>Opens a device by name.</summary>
    /// <param name="name"><c>auto</c> (the best device here) or <c>cpu</c>.</param>
    /// <param name="simd">Instruction set of the CPU kernels.</param>
    /// <param name="threads">Threads, or 0 for one a core.</param>
    /// <exception cref="PlatformNotSupportedException">The device or the instruction set is not here; the message names what is.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is negative or above 1024.</exception>
    public static ComputeDevice Open(string name, SimdLevel simd = SimdLevel.Auto, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.ToLowerInvariant() switch
        {
            "auto" or "cpu" => Cpu(simd, threads),
            _ => throw new PlatformNotSupportedException($"There is no device '{name}'. Devices here: cpu."),
        };
    }

    /// <summary>Opens the processor.</summary>
    /// <param name="simd">Instruction set, or the best there is.</param>
    /// <param name="threads">Threads, or 0 for one a core.</param>
    /// <exception cref="PlatformNotSupportedException">The instruction set is not here; the message names those that are.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is negative or above 1024.</exception>
    public static ComputeDevice Cpu(SimdLevel simd = SimdLevel.Auto, int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        if (!Enum.IsDefined(simd)) throw new ArgumentOutOfRangeException(nameof(simd), simd, "Not an instruction set.");
        CpuTarget target = simd == SimdLevel.Auto ? KernelSets.Best : (CpuTarget)(simd - 1);
        if (!KernelSets.IsSupported(target))
        {
            throw new PlatformNotSupportedException(
                $"This processor has no {simd.ToString().ToLowerInvariant()}. Instruction sets here: {string.Join(", ", SupportedSimd).ToLowerInvariant()}.");
        }
        return new ComputeDevice(KernelSets.CreateCpu(target, threads == 0 ? Environment.ProcessorCount : threads), (SimdLevel)(target + 1));
    }

    /// <summary>The instruction sets that this processor runs, best first.</summary>
    public static IReadOnlyList<SimdLevel> SupportedSimd
        => [.. Enum.GetValues<CpuTarget>().Where(KernelSets.IsSupported).Select(t => (SimdLevel)(t + 1))];

    /// <summary>Ends the worker threads. Memory of the device stays valid until its owners are disposed.</summary>
    public void Dispose()
    {
        if (Shared.IsValueCreated && ReferenceEquals(this, Shared.Value)) return;
        Kernels.Dispose();
    }

    /// <summary>For example <c>cpu (avx512, 2 threads)</c>.</summary>
    public override string ToString() => $"{Name} ({Simd.ToString().ToLowerInvariant()}, {Threads} {(Threads == 1 ? "thread" : "threads")})";
}
