using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>Stores past the caches, for results that outgrow them: no line is read only to be overwritten.</summary>
internal static unsafe class Streaming
{
    /// <summary>
    /// Bytes from which a call's operands will not be found in a cache anyway. Fixed: the choice follows from the shape (and never
    /// changes a result).
    /// </summary>
    public const long Threshold = 24L << 20;

    /// <summary>Elements before the first that a streaming store may begin at; −1 where no element can be aligned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Head(float* destination) => ((nint)destination & 3) != 0 ? -1 : (int)(-((nint)destination >> 2) & 15);

    /// <summary>Makes this thread's streaming stores visible before whatever it stores next.</summary>
    public static void Fence()
    {
        if (Sse.IsSupported) Sse.StoreFence();
        else Interlocked.MemoryBarrier();
    }
}
