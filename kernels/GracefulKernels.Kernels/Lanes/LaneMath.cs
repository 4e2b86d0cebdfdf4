using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Exponential and logarithm over lanes by polynomials of our own: the C library's differ from machine to machine, these give the same
/// bits everywhere. Coefficients are minimax (Remez), rounded to fp32.
/// </summary>
internal static class LaneMath
{
    /// <summary>√½ as fp32 bits: the lower end of a split mantissa.</summary>
    internal const int BitsOfRootHalf = 0x3F3504F3;

    internal const int MantissaBits = 0x007FFFFF;

    // ln 2 in two parts; the first has trailing zeros, so that its product with a whole number is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>One <see cref="Exponential{TLanes,TDoubles}"/>; a loop loads its coefficients once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes, TDoubles>(TLanes x)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
        => Exponential<TLanes, TDoubles>.Load().Of(x);

    /// <summary><c>(eˣ − 1 − x) / x²</c> for |x| ≤ 1, relative error at most 2⁻²³.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes ExpRemainder<TLanes, TDoubles>(TLanes x)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
        => ExponentialRemainder<TLanes, TDoubles>.Load().Of(x);

    /// <summary>log x for positive normal x, at most 1 ulp off; anything elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Log<TLanes, TDoubles>(TLanes x)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        TLanes m = TLanes.Split(x, out TLanes n);
        return LogOfSplit<TLanes, TDoubles>(m - TLanes.Broadcast(1f), n);
    }

    /// <summary>log(1 + y) for finite y ≥ −½, at most 1½ ulp off also where y is tiny; anything elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes LogOnePlus<TLanes, TDoubles>(TLanes y)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        TLanes one = TLanes.Broadcast(1f);
        TLanes u = one + y;
        TLanes m = TLanes.Split(u, out TLanes n);
        // What 1 + y lost, in the scale of m: m / u is a power of two, so the division is exact. The larger summand goes first.
        TLanes large = TLanes.Max(y, one), small = TLanes.Min(y, one);
        TLanes lost = (small - (u - large)) * (m / u);
        return LogOfSplit<TLanes, TDoubles>((m - one) + lost, n);
    }

    /// <summary>n·ln 2 + log(1 + f), f in [√½ − 1, √2 − 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes LogOfSplit<TLanes, TDoubles>(TLanes f, TLanes n)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        TLanes q = TLanes.MultiplyAdd(f, TLanes.Broadcast(7.621976733e-2f), TLanes.Broadcast(-1.290870607e-1f));
        q = TLanes.MultiplyAdd(q, f, TLanes.Broadcast(1.324499995e-1f));
        q = TLanes.MultiplyAdd(q, f, TLanes.Broadcast(-1.418133229e-1f));
        q = TLanes.MultiplyAdd(q, f, TLanes.Broadcast(1.660880148e-1f));
        q = TLanes.MultiplyAdd(q, f, TLanes.Broadcast(-2.000198811e-1f));
        q = TLanes.MultiplyAdd(q, f, TLanes.Broadcast(2.500159442e-1f));
        q = TLanes.MultiplyAdd(q, f, TLanes.Broadcast(-3.333332539e-1f));
        q = TLanes.MultiplyAdd(q, f, TLanes.Broadcast(4.999998808e-1f));
        TLanes low = TLanes.MultiplyAdd(n, TLanes.Broadcast(Ln2Low), -(f * f * q));
        return TLanes.MultiplyAdd(n, TLanes.Broadcast(Ln2High), f + low);
    }
}
