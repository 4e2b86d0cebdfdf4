using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>Asks for a cache line ahead of its use; nothing where the processor takes no such hint. Any address will do.</summary>
internal static unsafe class Prefetch
{
    /// <summary>Into the first cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Near(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>Into the second cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IntoSecond(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }
}
