using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Where kernels run, and with which code. One device may be used by several threads at once; a GPU works for one of them at a time. Dispose it to end its worker
/// threads, or to give back the GPU's memory.
/// </summary>
public sealed class ComputeDevice : IDisposable
{
    private static readonly Lazy<ComputeDevice> Shared = new(() => Cpu());

    private ComputeDevice(IKernels kernels, DeviceInfo info, SimdLevel? simd)
    {
        Kernels = kernels;
        Info = info;
        Simd = simd;
    }

    /// <summary>The processor with its best instruction set and all cores: what is used where no device is given. Never disposed.</summary>
    public static ComputeDevice Default => Shared.Value;

    /// <summary>
    /// The devices that are here, in the order in which <c>auto</c> prefers them: CUDA, OpenCL GPUs, the processor; last OpenCL on a processor, which it never chooses.
    /// </summary>
    public static IReadOnlyList<DeviceInfo> Available
    {
        get
        {
            IEnumerable<DeviceInfo> others = GpuDevices.All.Select(Describe);
            return [.. others.Where(d => d.IsGpu), HostProcessor.Info, .. others.Where(d => !d.IsGpu)];
        }
    }

    /// <summary>Why a kind of device could not be asked for, a line each: a driver that is broken, or without a device.</summary>
    public static IReadOnlyList<string> DriverProblems => GpuDevices.Problems;

    /// <summary>What the device is called on the command line and in reports: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:0</c>.</summary>
    public string Name => Info.Name;

    /// <summary>Model and size of the device.</summary>
    public DeviceInfo Info { get; }

    /// <summary>The instruction set in use, never <see cref="SimdLevel.Auto"/>; null where the device is not the processor.</summary>
    public SimdLevel? Simd { get; }

    /// <summary>Threads of the host that one operation may use, the caller's included; 1 where the device is not the processor.</summary>
    public int Threads => Kernels.Threads;

    internal IKernels Kernels { get; }

    private GpuKernels Cuda => Info.Kind == DeviceKind.Cuda ? (GpuKernels)Kernels : throw new PlatformNotSupportedException($"{Name} is no CUDA device: it has no context and no streams.");

    /// <summary>A device around kernels that are open already; disposing it is its owner's business.</summary>
    internal static ComputeDevice Of(IKernels kernels) => kernels is GpuKernels gpu
        ? new ComputeDevice(gpu, Describe(GpuDevices.All.Single(d => d.Name == gpu.Name)), null)
        : new ComputeDevice(kernels, HostProcessor.Info, Enum.Parse<SimdLevel>(kernels.Name, ignoreCase: true));

    /// <summary>Opens a device by name.</summary>
    /// <param name="name">
    /// <c>auto</c> (the best here: CUDA, then an OpenCL GPU, then the processor), <c>cpu</c>, <c>cuda</c> or <c>opencl</c> (the first of its kind), or with a
    /// number, <c>cuda:1</c>.
    /// </param>
    /// <param name="simd">Instruction set of the CPU kernels. With <c>auto</c>, naming one asks for the processor.</param>
    /// <param name="threads">Threads of the CPU kernels, or 0 for one a core. With <c>auto</c>, a number asks for the processor.</param>
    /// <param name="gpu">How a GPU computes.</param>
    /// <exception cref="PlatformNotSupportedException">The device, the instruction set, the precision or cuBLAS is not here; the message names what is.</exception>
    /// <exception cref="ArgumentException"><paramref name="simd"/> or <paramref name="threads"/> is given for a device that is not the processor.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is negative or above 1024.</exception>
    public static ComputeDevice Open(string name, SimdLevel simd = SimdLevel.Auto, int threads = 0, GpuOptions? gpu = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        string wanted = name.ToLowerInvariant();
        bool ofProcessor = simd != SimdLevel.Auto || threads != 0;
        if (wanted == "cpu" || (wanted == "auto" && ofProcessor)) return CpuFor(simd, threads, gpu);
        GpuDeviceInfo? found = wanted == "auto"
            ? GpuDevices.All.FirstOrDefault(d => d.IsGpu)
            : GpuDevices.All.FirstOrDefault(d => d.Name == wanted || d.Name == $"{wanted}:0");
        if (found is null && wanted == "auto") return CpuFor(simd, threads, gpu);
        if (found is null) throw new PlatformNotSupportedException(Missing(name));
        if (simd != SimdLevel.Auto) throw new ArgumentException($"{found.Name} has no instruction set to choose; simd is for the device cpu.", nameof(simd));
        if (threads != 0) throw new ArgumentException($"{found.Name} has no number of threads to choose; threads is for the device cpu.", nameof(threads));
        GpuSettings settings = new() { Arithmetic = (MatrixArithmetic)(gpu?.Precision ?? Precision.Float32), UseCuBlas = gpu?.UseCuBlas ?? false };
        return new ComputeDevice(GpuDevices.Open(found, settings), Describe(found), null);
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
        return new ComputeDevice(
            KernelSets.CreateCpu(target, threads == 0 ? Environment.ProcessorCount : threads), HostProcessor.Info, (SimdLevel)(target + 1));
    }

    /// <summary>The instruction sets that this processor runs, best first.</summary>
    public static IReadOnlyList<SimdLevel> SupportedSimd
        => [.. Enum.GetValues<CpuTarget>().Where(KernelSets.IsSupported).Select(t => (SimdLevel)(t + 1))];

    /// <summary>Measures how fast the device copies its own memory, with as much of it as no cache holds; takes about a second.</summary>
    /// <returns>Bytes a second, those read and those written both counted.</returns>
    /// <exception cref="OutOfMemoryException">The device has no room for two arrays.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public double MeasureCopyBandwidth(CancellationToken cancellation = default) => CopyBandwidth.Measure(Kernels, Info.MemoryBytes, cancellation);

    /// <summary>
    /// The <c>CUcontext</c> in which a CUDA device works: ILGPU's own, not the primary one of the CUDA runtime. Memory that operations are to use where it lies (<see cref="CudaTensor"/>) is allocated with it current.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">The device is no CUDA device.</exception>
    public nint CudaContext => Cuda.CudaContext;

    /// <summary>Waits until all work of this device is done, so that others may use what it wrote. On the processor work is done when an operation returns.</summary>
    /// <exception cref="InvalidOperationException">The device failed.</exception>
    public void Synchronize()
    {
        if (Kernels is GpuKernels gpu) gpu.Synchronize();
    }

    /// <summary>Waits until all that a <c>CUstream</c> holds so far is done: the operations called next come behind it. Not yet run on a GPU.</summary>
    /// <param name="stream">A stream of <see cref="CudaContext"/>, or 0 for its default stream.</param>
    /// <exception cref="PlatformNotSupportedException">The device is no CUDA device.</exception>
    /// <exception cref="InvalidOperationException">The stream is of another context, or its work failed.</exception>
    public void WaitForStream(nint stream) => Cuda.WaitFor(stream);

    /// <summary>Ends the worker threads, or frees the GPU's memory. Memory of the processor stays valid until its owners are disposed.</summary>
    public void Dispose()
    {
        if (Shared.IsValueCreated && ReferenceEquals(this, Shared.Value)) return;
        Kernels.Dispose();
    }

    /// <summary>For example <c>cpu (avx512, 2 threads)</c> or <c>cuda:0 (NVIDIA H200)</c>.</summary>
    public override string ToString() => Simd is { } simd
        ? $"{Name} ({simd.ToString().ToLowerInvariant()}, {Threads} {(Threads == 1 ? "thread" : "threads")})"
        : $"{Name} ({Info.Model})";

    /// <summary>The processor, where nothing was asked for that only a GPU has.</summary>
    private static ComputeDevice CpuFor(SimdLevel simd, int threads, GpuOptions? gpu)
    {
        if (gpu is { Precision: not Precision.Float32 }) throw new PlatformNotSupportedException($"The device cpu has no tensor cores; precision {gpu.Precision} is for NVIDIA GPUs.");
        if (gpu is { UseCuBlas: true }) throw new PlatformNotSupportedException("The device cpu has no cuBLAS, which is for NVIDIA GPUs.");
        return Cpu(simd, threads);
    }

    private static string Missing(string name)
    {
        string here = string.Join(", ", Available.Select(d => d.Kind == DeviceKind.Cpu ? d.Name : $"{d.Name} ({d.Model})"));
        string problems = string.Concat(DriverProblems.Select(p => $" {p}"));
        return $"There is no device '{name}'. Devices here: {here}.{problems}";
    }

    private static DeviceInfo Describe(GpuDeviceInfo d) => new(
        d.Name,
        d.Name.StartsWith("cuda", StringComparison.Ordinal) ? DeviceKind.Cuda : DeviceKind.OpenCl,
        d.Model,
        d.MemoryBytes,
        d.ComputeUnits,
        d.IsGpu);
}
