using System.Text.RegularExpressions;

namespace GracefulKernels.Kernels;

/// <summary>
/// What generated code must not contain, and must. ILGPU 1.5.3 translates some C# wrongly or slowly without a word; kernels are written
/// around that, and this says where one is not. Kernels/README.md has the list with its reasons.
/// </summary>
internal static partial class KernelAudit
{
    /// <summary>
    /// At O2 ILGPU marks branches as uniform whose condition is not; a plain branch is right for both. An unconditional one is uniform
    /// by itself and loses nothing.
    /// </summary>
    public static string Patch(string ptx) => ConditionalUniformBranch().Replace(ptx, "$1bra");

    /// <summary>What is wrong with a kernel's PTX after <see cref="Patch"/>, or null.</summary>
    public static string? CheckPtx(GpuKernel kernel, string ptx)
    {
        if (ConditionalUniformBranch().IsMatch(ptx)) return "a conditional bra.uni: divergent threads would be lost";
        if (ptx.Contains(".local", StringComparison.Ordinal)) return "local memory: an array or struct did not stay in registers";
        if (ptx.Contains(".extern .func", StringComparison.Ordinal)) return "a call of an undefined function";
        if (TinyFloat().Match(ptx) is { Success: true } tiny) return $"the float {tiny.Value}: an int literal selected as a float (write 0f, 1f)";
        if (FloatAtomic().IsMatch(ptx)) return "a float atomic: its order, and so its bits, change from run to run";
        if (kernel.Traits.HasFlag(KernelTraits.Vectors) && !GlobalVector().IsMatch(ptx)) return "no 16-byte access to global memory, which the kernel declares";
        if (!kernel.Traits.HasFlag(KernelTraits.Shuffles) && ptx.Contains("shfl.", StringComparison.Ordinal)) return "a shuffle, which the kernel does not declare";
        return null;
    }

    /// <summary>What is wrong with a kernel's OpenCL source, or null.</summary>
    public static string? CheckOpenCl(string source)
    {
        if (GenericPointer().Match(source) is { Success: true } pointer)
        {
            return $"a pointer without an address space ({pointer.Value.Trim()}), which OpenCL 1.2 and 3.0 devices need not have";
        }
        if (source.Contains("typedef private", StringComparison.Ordinal)) return "local memory: an array did not stay in registers";
        if (OpenClTinyFloat().Match(source) is { Success: true } tiny) return $"the float {tiny.Value}: an int literal selected as a float (write 0f, 1f)";
        if (OpenClFloatAtomic().IsMatch(source)) return "a float atomic: its order, and so its bits, change from run to run";
        if (source.Contains("FusedMultiplyAdd (", StringComparison.Ordinal)) return "a call of an undefined function";
        if (source.Contains("sub_group_", StringComparison.Ordinal)) return "a subgroup operation, which OpenCL devices need not have";
        if (GroupReduction().IsMatch(source)) return "a group reduction, which OpenCL 1.2 devices do not have";
        return null;
    }

    [GeneratedRegex(@"(@!?%p\d+\s+)bra\.uni")]
    private static partial Regex ConditionalUniformBranch();

    // Denormals below 2⁻¹²⁶: the bits of small ints. No kernel means one of them.
    [GeneratedRegex(@"\b0f00[0-7][0-9A-Fa-f]{5}\b(?<!0f00000000)|\b0d000[0-9A-Fa-f]{13}\b(?<!0d0000000000000000)")]
    private static partial Regex TinyFloat();

    [GeneratedRegex(@"(atom|red)\.[a-z.]*\.f(16|32|64)")]
    private static partial Regex FloatAtomic();

    [GeneratedRegex(@"(ld|st)\.global(\.[a-z]+)*\.(v4\.[fbsu]32|v2\.[fbsu]64)|cp\.async\.[a-z]+\.shared\.global")]
    private static partial Regex GlobalVector();

    [GeneratedRegex(@"\b__generic\b.*$|^\s*(typedef\s+)?(?!.*\b(global|local|constant|private)\b)(const\s+)?(struct\s+)?[A-Za-z_]\w*\s*\*.*$", RegexOptions.Multiline)]
    private static partial Regex GenericPointer();

    // The same numbers in decimal.
    [GeneratedRegex(@"\b\d+(\.\d+)?E-(39|4\d)f\b|\b\d+(\.\d+)?E-3(09|1\d|2\d)\b(?!f)")]
    private static partial Regex OpenClTinyFloat();

    // A float as an int, exchanged until nobody came between.
    [GeneratedRegex(@"\b(var\d+) =\s+as_u?(int|long) \([^;]*;[\s\S]*?atomic_compare_exchange_strong \([^;]*\)\s*\1\)")]
    private static partial Regex OpenClFloatAtomic();

    [GeneratedRegex(@"\bwork_group_(reduce|scan|all|any|broadcast)")]
    private static partial Regex GroupReduction();
}
