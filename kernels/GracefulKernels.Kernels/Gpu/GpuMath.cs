using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Exponential and logarithm by polynomials of our own, the CPU's in device code: a driver's own differ from each other, and the short ones lose
/// digits where the argument is large. Coefficients are minimax (Remez), rounded to fp32.
/// </summary>
internal static class GpuMath
{
    // 1.5·2²³: added to a number below 2²², it leaves the nearest whole number in the lowest bits.
    private const float Rounder = 12582912f;
    private const int BitsOfRounder = 0x4B400000;
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts; the first has trailing zeros, so that its product with a whole number is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    private const int BitsOfRootHalf = 0x3F3504F3;
    private const int MantissaBits = 0x007FFFFF;

    /// <summary>eˣ for any x, at most 2 ulp off (where the result is subnormal, of its grid); 0 and ∞ at the ends; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        float q = Reduced(x > 89f ? 89f : x, out uint bits);
        // In two steps, of which the first is exact: so a subnormal result is rounded once, and the largest does not overflow early.
        int power = (int)bits - BitsOfRounder, half = power >> 1;
        return q * PowerOfTwo(half) * PowerOfTwo(power - half);
    }

    /// <summary>As <see cref="Exp"/>, for x up to 0 or NaN: fewer steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ExpOfNegative(float x)
    {
        float q = Reduced(x, out uint bits);
        // 2⁶⁴ times the result is normal. The shift drops all of the rounder's own bits.
        return q * Interop.IntAsFloat((bits << 23) + ((127u + 64u) << 23)) * 5.421010862e-20f;
    }

    /// <summary><c>(eˣ − 1 − x) / x²</c> for |x| ≤ 1, relative error about 2⁻²².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ExpRemainder(float x)
    {
        float q = (x * 2.496083107e-5f) + 2.032547927e-4f;
        q = (q * x) + 1.389133511e-3f;
        q = (q * x) + 8.330930956e-3f;
        q = (q * x) + 4.166651517e-2f;
        q = (q * x) + 1.666669548e-1f;
        return (q * x) + 0.5f;
    }

    /// <summary>log x for positive normal x, at most 2 ulp off; anything elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x)
    {
        int bits = (int)Interop.FloatAsInt(x) - BitsOfRootHalf;
        return LogOfSplit(Mantissa(bits) - 1f, bits >> 23);
    }

    /// <summary>log(1 + y) for finite y ≥ −½, at most 2 ulp off also where y is tiny; anything elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LogOnePlus(float y)
    {
        float u = 1f + y;
        int bits = (int)Interop.FloatAsInt(u) - BitsOfRootHalf;
        float m = Mantissa(bits);
        // What 1 + y lost, in the scale of m: m / u is a power of two, so the division is exact. The larger summand goes first.
        float large = y > 1f ? y : 1f, small = y > 1f ? 1f : y;
        float lost = (small - (u - large)) * (m / u);
        return LogOfSplit((m - 1f) + lost, bits >> 23);
    }

    /// <summary>n·ln 2 + log(1 + f), f in [√½ − 1, √2 − 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LogOfSplit(float f, float n)
    {
        float q = (f * 7.621976733e-2f) + -1.290870607e-1f;
        q = (q * f) + 1.324499995e-1f;
        q = (q * f) + -1.418133229e-1f;
        q = (q * f) + 1.660880148e-1f;
        q = (q * f) + -2.000198811e-1f;
        q = (q * f) + 2.500159442e-1f;
        q = (q * f) + -3.333332539e-1f;
        q = (q * f) + 4.999998808e-1f;
        float low = (n * Ln2Low) - (f * f * q);
        return (n * Ln2High) + (f + low);
    }

    /// <summary>The number in [√½, √2) that is left when powers of two are taken out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Mantissa(int bits) => Interop.IntAsFloat((uint)((bits & MantissaBits) + BitsOfRootHalf));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float PowerOfTwo(int n) => Interop.IntAsFloat((uint)((n + 127) << 23));

    /// <summary>e^r of x = n·ln 2 + r; n is in the lowest bits of <paramref name="bits"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Reduced(float x, out uint bits)
    {
        // A comparison, for max drops a NaN. From −104 down eˣ is below half of the smallest subnormal number.
        x = x < -104f ? -104f : x;
        float t = (x * Log2E) + Rounder;
        float n = t - Rounder;
        bits = Interop.FloatAsInt(t);
        float r = (n * -Ln2High) + x;
        r = (n * -Ln2Low) + r;
        float q = (r * 1.381444046e-3f) + 8.368779905e-3f;
        q = (q * r) + 4.166839644e-2f;
        q = (q * r) + 1.666651964e-1f;
        q = (q * r) + 4.999999404e-1f;
        q = (q * r) + 1f;
        return (q * r) + 1f;
    }
}
