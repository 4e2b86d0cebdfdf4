using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>The element-wise step of LDI.</summary>
internal static class DifferenceTerms<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>a − b, 0 where they are equal infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Difference(TLanes a, TLanes b) => TLanes.WhereEqual(a, b, TLanes.Zero, a - b);

    /// <summary>
    /// <c>e^p</c> and its slope <c>p·e^{p−1}·sign Δ</c> with <c>e = (size − ξ)₊</c>. <paramref name="size"/> is |Δ|, or what of Δ counts; 0 leaves an element out.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Value(in RowLossContext context, TLanes difference, TLanes size, out TLanes slope)
    {
        TLanes zero = TLanes.Zero, excess = size - TLanes.Broadcast(context.Margin), value, steepness;
        excess = TLanes.WhereGreater(excess, zero, excess, zero);
        if (context.Power == 2f)
        {
            value = excess * excess;
            steepness = excess + excess;
        }
        else if (context.Power == 1f)
        {
            value = excess;
            steepness = TLanes.WhereGreater(excess, zero, TLanes.Broadcast(1f), zero);
        }
        else
        {
            TLanes power = Power(excess, context.Power - 1f);
            value = power * excess;
            steepness = power * TLanes.Broadcast(context.Power);
        }
        slope = TLanes.WhereGreater(zero, difference, -steepness, steepness);
        return value;
    }

    /// <summary>e^q as exp(q·log e): good to (2 + |q·log e|)·2⁻²³, about 2e-6 at the sizes of logits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TLanes Power(TLanes excess, float exponent)
    {
        // Where the logarithm is normal and the exponential has an end.
        TLanes infinity = TLanes.Broadcast(float.PositiveInfinity), zero = TLanes.Zero;
        TLanes log = LaneMath.Log<TLanes, TDoubles>(TLanes.Max(excess, TLanes.Broadcast(1.17549435e-38f)));
        TLanes argument = log * TLanes.Broadcast(exponent), most = TLanes.Broadcast(88.7f);
        TLanes power = LaneMath.Exp<TLanes, TDoubles>(TLanes.Min(argument, most));
        power = TLanes.WhereGreater(argument, most, infinity, power);
        power = TLanes.WhereEqual(excess, infinity, infinity, power);
        return TLanes.WhereGreater(excess, zero, power, zero);
    }
}
