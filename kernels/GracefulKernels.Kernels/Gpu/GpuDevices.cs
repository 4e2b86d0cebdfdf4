using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GracefulKernels.Kernels;

/// <summary>A device that ILGPU found.</summary>
/// <param name="Name"><c>cuda:0</c>, <c>opencl:1</c>: kind and number among its kind.</param>
/// <param name="Model">What its driver calls it.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="ComputeUnits">Multiprocessors or compute units.</param>
/// <param name="IsGpu">False for OpenCL on a processor, which <c>auto</c> never chooses.</param>
internal sealed record GpuDeviceInfo(string Name, string Model, long MemoryBytes, int ComputeUnits, bool IsGpu)
{
    internal Device? Device { get; init; }
}

/// <summary>The CUDA and OpenCL devices of this machine.</summary>
internal static class GpuDevices
{
    private const string CudaLibrary = "libcuda.so.1";

    /// <summary>What is here: CUDA first, then OpenCL GPUs, then other OpenCL devices.</summary>
    public static IReadOnlyList<GpuDeviceInfo> All => GpuSupport.IsSupported ? Drivers.Here.Value.Devices : [];

    /// <summary>Why a kind of device could not be asked for, a line each: drivers that are broken or without a device.</summary>
    public static IReadOnlyList<string> Problems => GpuSupport.IsSupported ? Drivers.Here.Value.Problems : [GpuSupport.LeftOut];

    /// <summary>Code generation of every set: one context a process.</summary>
    internal static Context Context
    {
        [RequiresDynamicCode(GpuSupport.DynamicCode), RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
        get => Drivers.Here.Value.Context;
    }

    /// <exception cref="PlatformNotSupportedException">The driver refuses, or the device lacks what the set needs.</exception>
    public static GpuKernels Open(GpuDeviceInfo info, GpuSettings? settings = null)
    {
        if (!GpuSupport.IsSupported) throw new PlatformNotSupportedException(GpuSupport.LeftOut);
        try
        {
            Accelerator accelerator = info.Device!.CreateAccelerator(Context);
            try
            {
                return new GpuKernels(accelerator, info.Name, settings);
            }
            catch
            {
                accelerator.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is AcceleratorException or CapabilityNotSupportedException)
        {
            throw new PlatformNotSupportedException($"{info.Name} ({info.Model}) does not open: {e.Message}", e);
        }
    }

    /// <summary>What every context of the library is built with.</summary>
    internal static Context.Builder Configure(Context.Builder builder)
        // O2 for loads from global memory by name and in vectors; its wrong branches are mended in KernelAudit.Patch.
        => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);

    [RequiresDynamicCode(GpuSupport.DynamicCode), RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
    private static Found Enumerate()
    {
        ResolveLibraries();
        List<string> problems = [];
        Context context = Context.Create(builder =>
        {
            Configure(builder);
            Try("CUDA", () => builder.Cuda(), problems);
            Try("OpenCL", () => builder.OpenCL(device => Admit(device, problems)), problems);
        });
        if (context.GetCudaDevices().Count == 0 && CudaRefusal() is { } refusal) problems.Add(refusal);
        List<GpuDeviceInfo> devices = [];
        int number = 0;
        foreach (CudaDevice device in context.GetCudaDevices())
        {
            devices.Add(new($"cuda:{number++}", device.Name.Trim(), device.MemorySize, device.NumMultiprocessors, IsGpu: true) { Device = device });
        }
        number = 0;
        foreach (CLDevice device in context.GetCLDevices())
        {
            bool gpu = device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU);
            devices.Add(new($"opencl:{number++}", device.Name.Trim(), device.MemorySize, device.NumMultiprocessors, gpu) { Device = device });
        }
        return new Found(context, [.. devices.OrderBy(d => d.Name.StartsWith("cuda", StringComparison.Ordinal) ? 0 : d.IsGpu ? 1 : 2)], problems);
    }

    /// <summary>
    /// ILGPU refuses devices without a generic address space (PoCL, many OpenCL 3.0 drivers). Our kernels have no pointer of that kind, which
    /// <see cref="KernelAudit"/> checks of each, so such devices are let in. The setter is not public.
    /// </summary>
    [RequiresDynamicCode(GpuSupport.DynamicCode), RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
    private static bool Admit(CLDevice device, List<string> problems)
    {
        if (!device.Capabilities.Float64)
        {
            problems.Add($"OpenCL: {device.Name.Trim()} has no fp64 arithmetic, in which sums over samples are kept.");
            return false;
        }
        PropertyInfo? generic = device.Capabilities.GetType().GetProperty("GenericAddressSpace");
        if (!device.Capabilities.GenericAddressSpace) generic?.GetSetMethod(nonPublic: true)?.Invoke(device.Capabilities, [true]);
        return device.Capabilities.GenericAddressSpace;
    }

    /// <summary>ILGPU takes a driver that does not start for none at all; a user wants to know which of both it is.</summary>
    private static unsafe string? CudaRefusal()
    {
        string library = OperatingSystem.IsWindows() ? "nvcuda" : CudaLibrary;
        if (!NativeLibrary.TryLoad(library, out nint handle)) return null;
        if (!NativeLibrary.TryGetExport(handle, "cuInit", out nint start)) return $"CUDA: {library} is here, but it is no CUDA driver.";
        int error = ((delegate* unmanaged<uint, int>)start)(0);
        return error switch
        {
            0 => "CUDA: the driver is here, but it has no device.",
            100 => "CUDA: the driver is here, but it finds no device (error 100).",
            _ => $"CUDA: the driver is here, but does not start (error {error}).",
        };
    }

    /// <summary>Drivers ship <c>libcuda.so.1</c> and <c>libOpenCL.so.1</c>; the names without a number belong to development packages.</summary>
    private static void ResolveLibraries()
    {
        NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, static (name, assembly, path) =>
        {
            string? file = name switch
            {
                "cuda" => CudaLibrary,
                "OpenCL" => "libOpenCL.so.1",
                _ => null,
            };
            return OperatingSystem.IsLinux() && file is not null && NativeLibrary.TryLoad(file, out nint handle) ? handle : 0;
        });
    }

    private static void Try(string kind, Action enumerate, List<string> problems)
    {
        try
        {
            enumerate();
        }
        catch (Exception e) when (e is AcceleratorException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException)
        {
            problems.Add($"{kind}: {e.Message}");
        }
    }

    [RequiresDynamicCode(GpuSupport.DynamicCode), RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
    private static class Drivers
    {
        public static readonly Lazy<Found> Here = new(Enumerate);
    }

    private sealed record Found(Context Context, IReadOnlyList<GpuDeviceInfo> Devices, IReadOnlyList<string> Problems);
}
