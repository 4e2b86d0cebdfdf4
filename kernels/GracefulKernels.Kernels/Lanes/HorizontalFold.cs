using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>The last steps of a fold, from four lanes to one, shared by every width.</summary>
internal static class HorizontalFold
{
    /// <summary><c>(v0 + v2) + (v1 + v3)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> v)
    {
        Vector128<float> two = v + Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1));
        return two[0] + two[1];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector128<float> v)
    {
        Vector128<float> two = Max(v, Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)));
        float a = two[0], b = two[1];
        return a > b ? a : b;
    }

    /// <summary><c>a &gt; b ? a : b</c>, which is what MAXPS does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b)
        => Sse.IsSupported ? Sse.Max(a, b) : Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b)
        => Sse.IsSupported ? Sse.Min(a, b) : Vector128.ConditionalSelect(Vector128.LessThan(a, b), a, b);
}
