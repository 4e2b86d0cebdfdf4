using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Whether this program has the GPU set. ILGPU makes code at run time and reads that of kernels by reflection, so what leads to it is marked as requiring both, and
/// reached only behind <see cref="IsSupported"/>: a program linked with the switch off keeps nothing of ILGPU, and its linker has nothing to warn of.
/// </summary>
internal static class GpuSupport
{
    /// <summary>What the linker is told (<c>RuntimeHostConfigurationOption</c>, <c>Trim="true"</c>; the package sets it for native programs).</summary>
    public const string Switch = "GracefulKernels.Gpu.IsSupported";

    /// <summary>Why the GPU set is refused where it was left out.</summary>
    public const string LeftOut = "This program was built without the GPU set.";

    /// <summary>Why it requires dynamic code.</summary>
    public const string DynamicCode = "ILGPU makes the GPU kernels' launchers at run time. Native programs switch " + Switch + " off.";

    /// <summary>Why it requires unreferenced code.</summary>
    public const string UnreferencedCode = "ILGPU reads the code of the GPU kernels by reflection. Trimmed programs switch " + Switch + " off, or root ILGPU and GracefulKernels.Kernels.";

    /// <summary>True unless it was switched off, or code cannot be made at run time.</summary>
    /// <remarks>Where it is true in a trimmed program, whoever built it has said so, and the linker has warned: no expression can say that in C#.</remarks>
    [FeatureSwitchDefinition(Switch)]
    [FeatureGuard(typeof(RequiresDynamicCodeAttribute))]
    [FeatureGuard(typeof(RequiresUnreferencedCodeAttribute))]
#pragma warning disable IL4000 // The value does not follow from RuntimeFeature alone.
    public static bool IsSupported => RuntimeFeature.IsDynamicCodeSupported && (!AppContext.TryGetSwitch(Switch, out bool supported) || supported);
#pragma warning restore IL4000
}
