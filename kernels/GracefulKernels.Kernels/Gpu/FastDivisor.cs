using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Division by a number that a kernel's launch fixes: a product and a shift, where a device's integer division takes some twenty instructions.
/// </summary>
/// <remarks>
/// With s = ⌈log₂ d⌉ and m = ⌈2³¹⁺ˢ / d⌉ (which fits 32 bits), m·d exceeds 2³¹⁺ˢ by less than d ≤ 2ˢ: n·m / 2³¹⁺ˢ then has the floor of n / d for
/// every n below 2³¹.
/// </remarks>
internal struct FastDivisor
{
    public uint Multiplier;
    public int Shift;

    /// <param name="divisor">At least 1.</param>
    public static FastDivisor Of(int divisor)
    {
        int bits = System.Numerics.BitOperations.Log2((uint)divisor);
        if (1L << bits < divisor) bits++;
        ulong power = 1UL << (31 + bits);
        return new() { Multiplier = (uint)((power + (uint)divisor - 1) / (uint)divisor), Shift = 31 + bits };
    }

    /// <summary>⌊n / d⌋ of n ≥ 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Quotient(int n) => (int)(((ulong)(uint)n * Multiplier) >> Shift);
}
