using System.Numerics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Which bits of two models count, a register at a time.</summary>
internal unsafe interface IPairOperator
{
    /// <summary><paramref name="stride"/> words lie between the bit planes of a model.</summary>
    static abstract TVector Combine<TVector, TRegister>(ulong* a, ulong* b, int planes, long stride)
        where TVector : struct
        where TRegister : struct, IBitRegister<TVector>;
}

/// <summary>Both bits are set.</summary>
internal readonly unsafe struct BothSet : IPairOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Combine<TVector, TRegister>(ulong* a, ulong* b, int planes, long stride)
        where TVector : struct
        where TRegister : struct, IBitRegister<TVector>
        => TRegister.And(TRegister.Load(a), TRegister.Load(b));
}

/// <summary>The numbers that the planes spell differ.</summary>
internal readonly unsafe struct NumbersDiffer : IPairOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Combine<TVector, TRegister>(ulong* a, ulong* b, int planes, long stride)
        where TVector : struct
        where TRegister : struct, IBitRegister<TVector>
    {
        TVector different = TRegister.Zero;
        for (int p = 0; p < planes; p++)
        {
            different = TRegister.OrDifferent(different, TRegister.Load(a), TRegister.Load(b));
            a += stride;
            b += stride;
        }
        return different;
    }
}

/// <summary>
/// Number of bits that <typeparamref name="TOperator"/> leaves of two models. Harley and Seal's carry-save adders (Muła, Kurz
/// and Lemire 2018): sixteen registers are added as binary numbers held across four registers, and only what is carried out of
/// those is counted.
/// </summary>
internal static unsafe class PairCounter<TVector, TRegister, TOperator>
    where TVector : struct
    where TRegister : struct, IBitRegister<TVector>
    where TOperator : struct, IPairOperator
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Count(ulong* a, ulong* b, int words, int planes, long stride)
    {
        TVector ones = TRegister.Zero, twos = ones, fours = ones, eights = ones, total = ones;
        int width = TRegister.Width, i = 0;
        // One word is counted by one instruction, which no adder undercuts.
        int adders = width == 1 ? 0 : words;
        for (; i + (16 * width) <= adders; i += 16 * width)
        {
            TVector fourA = Four(a + i, b + i, planes, stride, ref ones, ref twos);
            TVector fourB = Four(a + i + (4 * width), b + i + (4 * width), planes, stride, ref ones, ref twos);
            TVector eightA = TRegister.Majority(fours, fourA, fourB);
            fours = TRegister.Parity(fours, fourA, fourB);
            fourA = Four(a + i + (8 * width), b + i + (8 * width), planes, stride, ref ones, ref twos);
            fourB = Four(a + i + (12 * width), b + i + (12 * width), planes, stride, ref ones, ref twos);
            TVector eightB = TRegister.Majority(fours, fourA, fourB);
            fours = TRegister.Parity(fours, fourA, fourB);
            total = TRegister.Add(total, TRegister.Counts(TRegister.Majority(eights, eightA, eightB)));
            eights = TRegister.Parity(eights, eightA, eightB);
        }
        if (i > 0)
        {
            total = TRegister.Add(TRegister.Add(total, total), TRegister.Counts(eights));
            total = TRegister.Add(TRegister.Add(total, total), TRegister.Counts(fours));
            total = TRegister.Add(TRegister.Add(total, total), TRegister.Counts(twos));
            total = TRegister.Add(TRegister.Add(total, total), TRegister.Counts(ones));
        }
        if (width == 1)
        {
            TVector second = total, third = total, fourth = total;
            for (; i + 4 <= words; i += 4)
            {
                total = TRegister.Add(total, TRegister.Counts(TOperator.Combine<TVector, TRegister>(a + i, b + i, planes, stride)));
                second = TRegister.Add(second, TRegister.Counts(TOperator.Combine<TVector, TRegister>(a + i + 1, b + i + 1, planes, stride)));
                third = TRegister.Add(third, TRegister.Counts(TOperator.Combine<TVector, TRegister>(a + i + 2, b + i + 2, planes, stride)));
                fourth = TRegister.Add(fourth, TRegister.Counts(TOperator.Combine<TVector, TRegister>(a + i + 3, b + i + 3, planes, stride)));
            }
            total = TRegister.Add(TRegister.Add(total, second), TRegister.Add(third, fourth));
        }
        for (; i + width <= words; i += width)
        {
            total = TRegister.Add(total, TRegister.Counts(TOperator.Combine<TVector, TRegister>(a + i, b + i, planes, stride)));
        }
        long count = TRegister.Sum(total);
        for (; i < words; i++)
        {
            count += BitOperations.PopCount(TOperator.Combine<ulong, BitRegisterScalar>(a + i, b + i, planes, stride));
        }
        return count;
    }

    /// <summary>Adds four registers; what is carried out of the twos.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Four(ulong* a, ulong* b, int planes, long stride, ref TVector ones, ref TVector twos)
    {
        int width = TRegister.Width;
        TVector first = TOperator.Combine<TVector, TRegister>(a, b, planes, stride);
        TVector second = TOperator.Combine<TVector, TRegister>(a + width, b + width, planes, stride);
        TVector twoA = TRegister.Majority(ones, first, second);
        ones = TRegister.Parity(ones, first, second);
        first = TOperator.Combine<TVector, TRegister>(a + (2 * width), b + (2 * width), planes, stride);
        second = TOperator.Combine<TVector, TRegister>(a + (3 * width), b + (3 * width), planes, stride);
        TVector twoB = TRegister.Majority(ones, first, second);
        ones = TRegister.Parity(ones, first, second);
        TVector four = TRegister.Majority(twos, twoA, twoB);
        twos = TRegister.Parity(twos, twoA, twoB);
        return four;
    }
}
