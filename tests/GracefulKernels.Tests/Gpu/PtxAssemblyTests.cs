using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// NVIDIA's assembler takes the text of every kernel and keeps all of it in registers. Needs no device, only <c>ptxas</c> (CUDA 11.8 or newer) on the path or
/// in GRACEFUL_PTXAS; skipped elsewhere.
/// </summary>
public partial class PtxAssemblyTests(ITestOutputHelper output)
{
    /// <summary>Bytes on the chips that tiles are tuned for: a few numbers that the assembler parks around a loop, never a tile.</summary>
    private const int MostSpilled = 32;

    /// <summary>Bytes elsewhere: older chips take more registers for addresses, and a group of 1,024 threads has 64 registers each.</summary>
    private const int MostSpilledElsewhere = 320;

    private static readonly string? Ptxas = Find();

    /// <summary>One row that skips where there is no assembler.</summary>
    public static TheoryData<string> Kernels => Ptxas is null ? ["none"] : KernelAuditTests.Kernels;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AssemblesWithoutSpills(string name)
    {
        Assert.SkipWhen(Ptxas is null, "ptxas is not on the path, and GRACEFUL_PTXAS does not name it.");
        GpuKernel kernel = GpuKernel.All.Single(k => k.Name == name);
        using Context context = Context.Create(builder => GpuDevices.Configure(builder));
        foreach ((CudaArchitecture architecture, string target) in ((CudaArchitecture, string)[])[(CudaArchitecture.SM_75, "sm_75"), (CudaArchitecture.SM_80, "sm_80"), (CudaArchitecture.SM_90, "sm_90")])
        {
            if (kernel.Traits.HasFlag(KernelTraits.TensorCores) && target == "sm_75") continue;
            // The newest text that CUDA 11.8 reads.
            using var backend = new PTXBackend(context, architecture, CudaInstructionSet.ISA_78, null!);
            string ptx = ((PTXCompiledKernel)KernelLoader.Compile(kernel, backend)).PTXAssembly;
            string report = Assemble(ptx, target, name);
            Match use = Use().Match(report), spills = Spills().Match(report);
            Assert.True(use.Success && spills.Success, $"{name} on {target}: {report}");
            output.WriteLine($"{target}: {use.Value}; {spills.Value}");
            int most = target == "sm_90" && kernel.GroupSize <= GpuKernels.GroupSize ? MostSpilled : MostSpilledElsewhere;
            Assert.True(Number(spills, 1) <= most && Number(spills, 2) <= most, $"{name} on {target} spills: {spills.Value}");
            int registers = Number(use, 1);
            Assert.True(registers * kernel.GroupSize <= 65536, $"{name} on {target}: {registers} registers for each of {kernel.GroupSize} threads do not fit");
        }
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    private static string Assemble(string ptx, string target, string name)
    {
        using TemporaryFolder folder = new();
        string source = folder.File("kernel.ptx");
        File.WriteAllText(source, ptx);
        using Process process = Process.Start(new ProcessStartInfo(Ptxas!, ["-v", "-arch", target, "-o", folder.File("kernel.cubin"), source]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        string report = process.StandardError.ReadToEnd() + process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"ptxas refuses {name} for {target}: {report}");
        return report;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("GRACEFUL_PTXAS") is { Length: > 0 } named) return named;
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.Select(f => Path.Combine(f, "ptxas")).FirstOrDefault(File.Exists);
    }

    [GeneratedRegex(@"Used (\d+) registers[^\n]*")]
    private static partial Regex Use();

    [GeneratedRegex(@"(\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex Spills();
}
