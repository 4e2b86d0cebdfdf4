using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The audit names what is wrong with the text that ILGPU really writes: else a new version of it could make the audit blind.</summary>
public partial class KernelAuditFaultTests
{
    private static readonly Lazy<Context> Compiler = new(() => Context.Create(builder => GpuDevices.Configure(builder)));

    [Fact]
    public void ASoundKernelPasses()
    {
        Assert.Null(KernelAudit.CheckPtx(FaultyKernels.Sound, KernelAudit.Patch(Ptx(FaultyKernels.Sound))));
        Assert.Null(KernelAudit.CheckOpenCl(OpenCl(FaultyKernels.Sound)));
    }

    [Theory]
    [InlineData(nameof(FaultyKernels.IntLiterals), "0f00000001: an int literal selected as a float")]
    [InlineData(nameof(FaultyKernels.IntLiteralsAsDouble), "0d0000000000000001: an int literal selected as a float")]
    [InlineData(nameof(FaultyKernels.LocalArray), "local memory")]
    [InlineData(nameof(FaultyKernels.FusedMultiplyAdd), "undefined function")]
    [InlineData(nameof(FaultyKernels.FloatAtomic), "float atomic")]
    [InlineData(nameof(FaultyKernels.NoVectors), "no 16-byte access")]
    [InlineData(nameof(FaultyKernels.Shuffle), "a shuffle")]
    public void TheFaultInPtxIsNamed(string name, string fault)
    {
        GpuKernel kernel = Kernel(name);
        Assert.Contains(fault, KernelAudit.CheckPtx(kernel, KernelAudit.Patch(Ptx(kernel))));
    }

    [Theory]
    [InlineData(nameof(FaultyKernels.IntLiterals), "E-45f: an int literal selected as a float")]
    [InlineData(nameof(FaultyKernels.IntLiteralsAsDouble), "E-324: an int literal selected as a float")]
    [InlineData(nameof(FaultyKernels.LocalArray), "local memory")]
    [InlineData(nameof(FaultyKernels.FusedMultiplyAdd), "undefined function")]
    [InlineData(nameof(FaultyKernels.FloatAtomic), "float atomic")]
    [InlineData(nameof(FaultyKernels.GenericPointer), "a pointer without an address space")]
    [InlineData(nameof(FaultyKernels.Subgroup), "a subgroup operation")]
    [InlineData(nameof(FaultyKernels.GroupVote), "a group reduction")]
    public void TheFaultInOpenClIsNamed(string name, string fault) => Assert.Contains(fault, KernelAudit.CheckOpenCl(OpenCl(Kernel(name))));

    [Fact]
    public void DivergentBranchesAreNotUniformAfterThePatch()
    {
        string ptx = Ptx(FaultyKernels.Divergence), patched = KernelAudit.Patch(ptx);
        Assert.Matches(UniformCondition(), ptx);
        Assert.Contains("bra.uni", KernelAudit.CheckPtx(FaultyKernels.Divergence, ptx));
        Assert.DoesNotMatch(UniformCondition(), patched);
        Assert.Null(KernelAudit.CheckPtx(FaultyKernels.Divergence, patched));
        // Nothing else changes, nor do branches without a condition.
        Assert.Equal(ptx.Replace("bra.uni", "bra", StringComparison.Ordinal), patched.Replace("bra.uni", "bra", StringComparison.Ordinal));
        Assert.Equal(Unconditional().Count(ptx), Unconditional().Count(patched));
    }

    /// <summary>The loader refuses what the audit names.</summary>
    [Fact]
    public void TheLoaderRefusesAFault()
    {
        NotSupportedException refusal = Assert.Throws<NotSupportedException>(() => KernelLoader.Compile(FaultyKernels.FloatAtomic, PtxBackend()));
        Assert.Contains("float atomic", refusal.Message);
    }

    private static GpuKernel Kernel(string name) => (GpuKernel)typeof(FaultyKernels).GetField(name)!.GetValue(null)!;

    private static string Ptx(GpuKernel kernel)
    {
        using PTXBackend backend = PtxBackend();
        return ((PTXCompiledKernel)backend.Compile(kernel.EntryPoint, kernel.Specialization)).PTXAssembly;
    }

    private static string OpenCl(GpuKernel kernel)
    {
        using var backend = new CLBackend(
            Compiler.Value,
            new CLCapabilityContext(float16: false, float64: true, int64_Atomics: false, subGroups: true, genericAddressSpace: true),
            CLDeviceVendor.Other,
            CLCVersion.CL12);
        return ((CLCompiledKernel)backend.Compile(kernel.EntryPoint, kernel.Specialization)).Source;
    }

    private static PTXBackend PtxBackend() => new(Compiler.Value, CudaArchitecture.SM_90, CudaInstructionSet.ISA_88, null!);

    [GeneratedRegex(@"@!?%p\d+\s+bra\.uni")]
    private static partial Regex UniformCondition();

    [GeneratedRegex(@"^\s*bra\.uni", RegexOptions.Multiline)]
    private static partial Regex Unconditional();
}
