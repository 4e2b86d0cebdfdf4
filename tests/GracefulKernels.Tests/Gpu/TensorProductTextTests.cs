using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The text of products on tensor cores, run by an interpreter, against fp64: what of them can be tested without a device.</summary>
public class TensorProductTextTests
{
    private static readonly Lazy<Context> Compiler = new(() => Context.Create(builder => GpuDevices.Configure(builder)));

    private static readonly TensorProductCase[] Cases =
    [
        new(128, 128, 16),
        new(1, 4, 4),
        new(64, 32, 100),
        new(70, 38, 21) { Padding = 4 },
        new(40, 31, 77) { Padding = 8 },
        new(130, 140, 33) { SliceBlocks = 2 },
        new(127, 262, 50) { SliceBlocks = 1, Padding = 12 },
        // The last slice is empty.
        new(12, 18, 40) { SliceBlocks = 2, Slices = 3 },
    ];

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    [InlineData(false, false, false)]
    [InlineData(false, true, false)]
    public void TextIsAProduct(bool split, bool transposeA, bool transposeB)
    {
        foreach (CudaArchitecture architecture in (CudaArchitecture[])[CudaArchitecture.SM_80, CudaArchitecture.SM_90])
        {
            PtxProgram program = PtxProgram.Of(Text(split, transposeA, transposeB, architecture));
            foreach (TensorProductCase c in Cases)
            {
                foreach (PtxCopies copies in Enum.GetValues<PtxCopies>()) Assert.Null((c with { TransposeA = transposeA, TransposeB = transposeB, Split = split }).Fault(program, copies));
            }
        }
    }

    /// <summary>The interpreter finds what is wrong: each piece below is in every text, and none can be spared.</summary>
    [Theory]
    [InlineData("fragments", @"\{tah0, tah1,", "{tah1, tah0,")]
    [InlineData("columns", @"\{tbh2, tbh3\}", "{tbh4, tbh5}")]
    [InlineData("correction", @"\{tal4, tal5, tal6, tal7\}", "{tzero, tzero, tzero, tzero}")]
    [InlineData("rounding", @"cvt\.rna\.tf32\.f32 tbh3, tfb3", "mov.b32 tbh3, tfb3")]
    [InlineData("load", @"taddr\+1920\]", "taddr+1936]")]
    [InlineData("wait", @"cp\.async\.wait_group 1", "")]
    [InlineData("stages awaited", @"cp\.async\.wait_group 1", "cp.async.wait_group 2")]
    [InlineData("commit", @"cp\.async\.commit_group", "")]
    [InlineData("barrier after copies", @"bar\.sync\s+0(?=.*bar\.sync)", "")]
    [InlineData("barrier before copies", @"(?<=bar\.sync.*)bar\.sync\s+0", "")]
    [InlineData("bytes of a copy", @"16, %r\d+", "16, 16")]
    [InlineData("columns stored", "@tq3 ", "")]
    [InlineData("rows stored", @"setp\.lt\.s32(\s+%p\d+,\s+%r\d+,\s+)%r13(?=;\s*@%p\d+\s+bra\s+\w+;\s*\w+:\s*ret)", "setp.ge.s32$1%r13")]
    [InlineData("store", @"\{tc18, tc19\}", "{tc19, tc18}")]
    public void WhatIsWrongIsFound(string piece, string found, string replacement)
    {
        string text = Text(split: true, transposeA: false, transposeB: true, CudaArchitecture.SM_80), altered = new Regex(found, RegexOptions.Singleline).Replace(text, replacement, 1);
        Assert.True(altered != text, $"{piece} is not in the text");
        PtxProgram program = PtxProgram.Of(altered);
        TensorProductCase c = new(130, 140, 90) { TransposeB = true, Split = true };
        Assert.Contains(Enum.GetValues<PtxCopies>(), copies => c.Fault(program, copies) is not null);
    }

    private static string Text(bool split, bool transposeA, bool transposeB, CudaArchitecture architecture)
    {
        GpuKernel kernel = TensorGpuKernels.For(new GemmShape(1, 1, 1, transposeA, transposeB, 4, 4, 4), split ? MatrixArithmetic.Float32Tensor : MatrixArithmetic.TensorFloat32)!;
        using var backend = new PTXBackend(Compiler.Value, architecture, CudaInstructionSet.ISA_88, null!);
        return ((PTXCompiledKernel)KernelLoader.Compile(kernel, backend)).PTXAssembly;
    }
}
