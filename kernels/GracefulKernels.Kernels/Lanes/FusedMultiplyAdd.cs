using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>
/// <c>a·b + c</c> with one rounding on processors that lack the instruction. Kernels must give the same bits everywhere, so a
/// multiplication and an addition that round twice will not do.
/// </summary>
internal static class FusedMultiplyAdd
{
    public static bool IsHardware => Fma.IsSupported || AdvSimd.Arm64.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Vector(Vector128<float> a, Vector128<float> b, Vector128<float> c)
        => IsHardware ? Vector128.FusedMultiplyAdd(a, b, c) : Emulate(a, b, c);

    /// <summary>
    /// The product of two fp32 numbers is exact in fp64; only the sum rounds. Rounding that sum to odd (last bit set when anything was lost)
    /// keeps enough for the final rounding to fp32 to come out as if it were the only one (Boldo and Melquiond 2008).
    /// </summary>
    public static Vector128<float> Emulate(Vector128<float> a, Vector128<float> b, Vector128<float> c)
    {
        Vector128<double> low = SumToOdd(Vector128.WidenLower(a) * Vector128.WidenLower(b), Vector128.WidenLower(c));
        Vector128<double> high = SumToOdd(Vector128.WidenUpper(a) * Vector128.WidenUpper(b), Vector128.WidenUpper(c));
        return Vector128.Narrow(low, high);
    }

    private static Vector128<double> SumToOdd(Vector128<double> p, Vector128<double> c)
    {
        Vector128<double> sum = p + c;
        Vector128<double> back = sum - p;
        Vector128<double> error = (p - (sum - back)) + (c - back);
        Vector128<long> bits = sum.AsInt64();
        Vector128<long> even = Vector128.Equals(bits & Vector128<long>.One, Vector128<long>.Zero);
        // The bits of a magnitude grow with it: away from zero is + 1, toward zero is − 1. A NaN error (infinite sum) is neither.
        Vector128<long> up = (Vector128.GreaterThan(error, Vector128<double>.Zero) & Vector128.GreaterThan(sum, Vector128<double>.Zero)
            | Vector128.LessThan(error, Vector128<double>.Zero) & Vector128.LessThan(sum, Vector128<double>.Zero)).AsInt64();
        Vector128<long> down = (Vector128.GreaterThan(error, Vector128<double>.Zero) & Vector128.LessThan(sum, Vector128<double>.Zero)
            | Vector128.LessThan(error, Vector128<double>.Zero) & Vector128.GreaterThan(sum, Vector128<double>.Zero)).AsInt64();
        return (bits - (up & even) + (down & even)).AsDouble();
    }
}
