using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

/// <summary>The one way of a kernel to a device: compile, audit and patch, load, launcher.</summary>
[RequiresDynamicCode(GpuSupport.DynamicCode), RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
internal static class KernelLoader
{
    // The generated text has no setter; loading patched text needs its field.
    private static readonly FieldInfo PtxText = typeof(PTXCompiledKernel).GetField("<PTXAssembly>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new MissingFieldException(nameof(PTXCompiledKernel), nameof(PTXCompiledKernel.PTXAssembly));

    private static readonly PropertyInfo EntryPointOf = typeof(CompiledKernel).GetProperty("EntryPoint", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new MissingMemberException(nameof(CompiledKernel), "EntryPoint");

    /// <exception cref="PlatformNotSupportedException">The device lacks what the kernel needs, or refuses it.</exception>
    public static Action<AcceleratorStream, KernelConfig, TArguments> Load<TArguments>(GpuKernel<TArguments> kernel, Accelerator accelerator, string device)
        where TArguments : struct
    {
        if (kernel.GroupSize > accelerator.MaxNumThreadsPerGroup)
        {
            throw new PlatformNotSupportedException(
                $"Kernel {kernel} runs in groups of {kernel.GroupSize} threads; {device} allows {accelerator.MaxNumThreadsPerGroup}.");
        }
        try
        {
            CompiledKernel compiled = Compile(kernel, accelerator.GetBackend());
            int shared = ((EntryPoint)EntryPointOf.GetValue(compiled)!).SharedMemory.StaticSize;
            if (shared > accelerator.MaxSharedMemoryPerGroup)
            {
                throw new PlatformNotSupportedException($"Kernel {kernel} takes {shared:N0} bytes of shared memory a group; {device} allows {accelerator.MaxSharedMemoryPerGroup:N0}.");
            }
            return accelerator.LoadKernel(compiled).CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TArguments>>();
        }
        catch (Exception e) when (e is AcceleratorException or InternalCompilerException or NotSupportedException and not PlatformNotSupportedException)
        {
            throw new PlatformNotSupportedException($"Kernel {kernel} does not load on {device}: {Innermost(e).Message}", e);
        }
    }

    /// <summary>Generated, patched and audited code for any backend, with a device or without one.</summary>
    public static CompiledKernel Compile(GpuKernel kernel, Backend backend)
    {
        CompiledKernel compiled = backend.Compile(kernel.EntryPoint, kernel.Specialization);
        string? fault = null;
        switch (compiled)
        {
            case PTXCompiledKernel ptx:
                string text = KernelAudit.Patch(ptx.PTXAssembly);
                fault = KernelAudit.CheckPtx(kernel, text);
                PtxText.SetValue(ptx, text);
                break;
            case CLCompiledKernel cl:
                fault = KernelAudit.CheckOpenCl(cl.Source);
                break;
        }
        return fault is null ? compiled : throw new NotSupportedException($"Its generated code has {fault}.");
    }

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is not null) e = e.InnerException;
        return e;
    }
}
