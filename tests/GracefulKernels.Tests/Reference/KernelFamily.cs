using ILGPU;
using ILGPU.Runtime.CPU;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// Devices that must satisfy one suite: tests of a room, and of all that is built on the rooms, are an abstract class over a family, and have one sealed class for
/// each. Kernel sets of a family agree bit for bit; a GPU's own sums differ from the CPU's in their order, within the same bounds.
/// </summary>
public sealed class KernelFamily
{
    private static readonly Lazy<ComputeDevice?> GpuDevice = new(OpenGpu);
    private static readonly Lazy<ComputeDevice[]> CpuDevices = new(() => [.. ComputeDevice.SupportedSimd.Select(s => ComputeDevice.Cpu(s))]);
    private static readonly Lazy<IKernels> EmulatedSet = new(OpenEmulated);

    private readonly Func<bool, IEnumerable<IKernels>> _sets;

    private KernelFamily(string name, Func<bool, IEnumerable<IKernels>> sets)
    {
        Name = name;
        _sets = sets;
    }

    /// <summary>Every instruction set that this processor has.</summary>
    public static KernelFamily Cpu { get; } = new("cpu", everyCount => everyCount ? KernelSetCases.All() : KernelSetCases.Targets.Select(t => KernelSetCases.Get(t)));

    /// <summary>
    /// The device that GRACEFUL_TEST_DEVICE names, else the first OpenCL device: code as generated, really run (PoCL on the processor where there is no GPU).
    /// </summary>
    public static KernelFamily Gpu { get; } = new("gpu", _ => [RequireGpu().Kernels]);

    /// <summary>ILGPU's simulation of a GPU: the kernels' C# as it is, with warps. Slow; for what OpenCL devices need not have.</summary>
    public static KernelFamily Emulated { get; } = new("emulated", _ => [EmulatedSet.Value]);

    public string Name { get; }

    public bool IsCpu => ReferenceEquals(this, Cpu);

    /// <summary>One set for tests that need only one.</summary>
    internal IKernels Best => IsCpu ? KernelSetCases.Get(KernelSets.Best) : _sets(false).First();

    /// <summary>Where public operations run: the processor as it is used by default, or the device. Shared: never disposed.</summary>
    internal ComputeDevice Device => IsCpu ? ComputeDevice.Default : ReferenceEquals(this, Gpu) ? RequireGpu() : throw new NotSupportedException($"{Name} has no public device.");

    /// <summary>The processor with each instruction set, or the device. Shared: never disposed.</summary>
    internal IEnumerable<ComputeDevice> Devices => IsCpu ? CpuDevices.Value : [Device];

    /// <summary>Each instruction set once, or the device.</summary>
    internal IEnumerable<IKernels> Sets => _sets(false);

    /// <summary>As <see cref="Sets"/>, with several numbers of threads.</summary>
    internal IEnumerable<IKernels> SetsAndThreads => _sets(true);

    /// <summary>
    /// The output, after checking that each set of the family gives the same bits. <paramref name="initial"/> is what the output holds before each
    /// call. Without <paramref name="everyCount"/> each set runs with two threads only: enough where all work is one chunk.
    /// </summary>
    internal T[] Run<T>(T[] initial, Everywhere.Operation<T> operation, string what = "", bool everyCount = true) where T : unmanaged
        => Everywhere.Run(_sets(everyCount), initial, operation, what);

    /// <summary>A number that may be smaller on devices, where a processor plays them slowly: for tests whose claim does not hang on it.</summary>
    internal int Fewer(int onCpu, int onDevices) => IsCpu ? onCpu : onDevices;

    /// <summary>A device of the caller's own, which counts nobody else's allocations.</summary>
    internal ComputeDevice Open() => ComputeDevice.Open(Device.Name);

    /// <summary>The device, or a skipped test; a failed one where the environment says that there must be a device.</summary>
    private static ComputeDevice RequireGpu()
    {
        if (GpuDevice.Value is { } device) return device;
        const string Missing = "There is no OpenCL device here (Debian: apt-get install pocl-opencl-icd).";
        Assert.False(Environment.GetEnvironmentVariable("GRACEFUL_REQUIRE_OPENCL") == "1", Missing);
        Assert.Skip(Missing);
        return null!;
    }

    private static ComputeDevice? OpenGpu()
    {
        if (Environment.GetEnvironmentVariable("GRACEFUL_TEST_DEVICE") is { Length: > 0 } named) return ComputeDevice.Open(named);
        return GpuDevices.All.FirstOrDefault(d => d.Name.StartsWith("opencl", StringComparison.Ordinal)) is { } device ? ComputeDevice.Open(device.Name) : null;
    }

    private static GpuKernels OpenEmulated()
    {
        Context context = Context.Create(builder => GpuDevices.Configure(builder).CPU(new CPUDevice(32, 8, 1)));
        return new GpuKernels(context.GetCPUDevice(0).CreateCPUAccelerator(context, CPUAcceleratorMode.Parallel), "emulated");
    }
}
