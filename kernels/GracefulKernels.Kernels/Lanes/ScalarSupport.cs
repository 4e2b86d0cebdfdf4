using System.Diagnostics.CodeAnalysis;

namespace GracefulKernels.Kernels;

/// <summary>Whether this program has the set without vector instructions: false where it was left out for its size (2.5 MB of machine code) when the program was linked.</summary>
internal static class ScalarSupport
{
    /// <summary>What the linker is told (<c>RuntimeHostConfigurationOption</c>, <c>Trim="true"</c>).</summary>
    public const string Switch = "GracefulKernels.Scalar.IsSupported";

    /// <summary>True unless it was switched off.</summary>
    [FeatureSwitchDefinition(Switch)]
    public static bool IsSupported => !AppContext.TryGetSwitch(Switch, out bool supported) || supported;
}
