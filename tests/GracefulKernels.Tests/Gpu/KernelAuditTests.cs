using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Every kernel is compiled for each generation of NVIDIA devices and for OpenCL, without a device, and its text audited.</summary>
public class KernelAuditTests
{
    private static readonly Lazy<Context> Compiler = new(() => Context.Create(builder => GpuDevices.Configure(builder)));

    private static readonly CudaArchitecture[] Architectures = [CudaArchitecture.SM_75, CudaArchitecture.SM_80, CudaArchitecture.SM_90];

    public static TheoryData<string> Kernels => [.. GpuKernel.All.Select(k => k.Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void GeneratedCodePasses(string name)
    {
        GpuKernel kernel = GpuKernel.All.Single(k => k.Name == name);
        foreach (CudaArchitecture architecture in Architectures)
        {
            if (kernel.Traits.HasFlag(KernelTraits.TensorCores) && architecture == CudaArchitecture.SM_75) continue;
            var ptx = (PTXCompiledKernel)KernelLoader.Compile(kernel, Ptx(architecture));
            Assert.Contains(".visible .entry", ptx.PTXAssembly);
        }
        if (kernel.Traits.HasFlag(KernelTraits.TensorCores) || kernel.Traits.HasFlag(KernelTraits.Shuffles)) return;
        var cl = (CLCompiledKernel)KernelLoader.Compile(kernel, OpenCl());
        Assert.Contains("kernel void", cl.Source);
    }

    [Fact]
    public void NamesAreOne() => Assert.Equal(GpuKernel.All.Count, GpuKernel.All.Select(k => k.Name).Distinct().Count());

    private static CLBackend OpenCl()
        => new(Compiler.Value, new CLCapabilityContext(float16: false, float64: true, int64_Atomics: false, subGroups: false, genericAddressSpace: true), CLDeviceVendor.Other, CLCVersion.CL12);

    private static PTXBackend Ptx(CudaArchitecture architecture) => new(Compiler.Value, architecture, CudaInstructionSet.ISA_88, null!);
}
