using System.Diagnostics.CodeAnalysis;

namespace GracefulKernels.Kernels;

/// <summary>Whether this program has the GPU set: false where it was left out when the program was linked, since ILGPU makes its code at run time.</summary>
internal static class GpuSupport
{
    /// <summary>What the linker is told (<c>RuntimeHostConfigurationOption</c>, <c>Trim="true"</c>).</summary>
    public const string Switch = "GracefulKernels.Gpu.IsSupported";

    /// <summary>True unless it was switched off.</summary>
    [FeatureSwitchDefinition(Switch)]
    public static bool IsSupported => !AppContext.TryGetSwitch(Switch, out bool supported) || supported;
}
