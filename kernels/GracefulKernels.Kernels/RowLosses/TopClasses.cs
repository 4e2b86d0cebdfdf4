using System.Numerics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The K largest elements of a row, the lowest index first among equals: as a list, or as a bound (all elements above it, and of those equal to it the ones up to
/// a place). The row holds no NaN, and more than K elements may be chosen from.
/// </summary>
internal static unsafe class TopClasses<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>What a list can hold. Also the K up to which it is tried.</summary>
    public const int MostListed = 16;

    /// <summary>Up to here the maxima of sixteen parts make a good guess; above, those of 32.</summary>
    private const int FewListed = 12;

    /// <summary>Elements that are looked at closely; where more lie above the first guess (ties, as a rule), there is no list.</summary>
    private const int MostCandidates = 64;

    /// <summary>
    /// The places in ascending order, as <paramref name="list"/> (room for 64); false where they are better found by <see cref="Bound"/>. Two looks at the row: the maxima of its parts
    /// give a number that at least K elements reach, and few others do.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool List(float* row, int count, int k, int excluded, int* list)
    {
        // What is behind the last whole chunk, between numbers that nothing is below.
        float* rest = stackalloc float[32];
        TLanes nothing = TLanes.Broadcast(float.NegativeInfinity);
        TLanes.Store(rest, nothing);
        TLanes.Store(rest + 16, nothing);
        int whole = count & ~31;
        for (int i = whole; i < count; i++) rest[i - whole] = row[i];
        float guess = Reached(row, whole, rest, k, excluded);
        if (float.IsNegativeInfinity(guess)) return false;
        float* values = stackalloc float[MostCandidates];
        uint* masks = stackalloc uint[64];
        int found = 0;
        TLanes limit = TLanes.Broadcast(guess);
        for (int block = 0; block <= whole; block += 64 * 32)
        {
            // Which chunks have any, as bits: few have, and a branch on each would be guessed wrong as often.
            int end = Math.Min(whole, block + (63 * 32));
            ulong chunks = 0;
            for (int i = block, chunk = 0; i <= end; i += 32, chunk++)
            {
                float* at = i < whole ? row + i : rest;
                uint bits = TLanes.ToBits(TLanes.GreaterThanOrEqual(TLanes.Load(at), limit)) | (TLanes.ToBits(TLanes.GreaterThanOrEqual(TLanes.Load(at + 16), limit)) << 16);
                masks[chunk] = bits;
                chunks |= (bits != 0 ? 1UL : 0UL) << chunk;
            }
            for (; chunks != 0; chunks &= chunks - 1)
            {
                int chunk = BitOperations.TrailingZeroCount(chunks), i = block + (chunk * 32);
                uint bits = masks[chunk];
                float* at = i < whole ? row + i : rest;
                if ((uint)(excluded - i) < 32) bits &= ~(1u << (excluded - i));
                if (found + BitOperations.PopCount(bits) > MostCandidates) return false;
                for (; bits != 0; bits &= bits - 1)
                {
                    int place = BitOperations.TrailingZeroCount(bits);
                    values[found] = at[place];
                    list[found++] = i + place;
                }
            }
        }
        if (found > k) Keep(values, list, found, k);
        return true;
    }

    /// <summary>
    /// The K-th largest element and the place of the last one chosen among its equals. By halving the range of numbers, in the order that their bits have: some thirty looks at the row
    /// whatever K is.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Bound(float* row, int count, int k, int excluded, out float bound, out int place)
    {
        long low = Ordered(float.NegativeInfinity), high = Ordered(float.PositiveInfinity);
        while (low < high)
        {
            long middle = low + ((high - low + 1) >> 1);
            float limit = Unordered((int)middle);
            if (AtLeast(row, count, limit, excluded) >= k) low = middle;
            else high = middle - 1;
        }
        bound = Unordered((int)low);
        int above = 0;
        for (int i = 0; i < count; i++) above += row[i] > bound && i != excluded ? 1 : 0;
        place = -1;
        for (int left = k - above; left > 0; left--)
        {
            do place++;
            while (row[place] != bound || place == excluded);
        }
    }

    /// <summary>The largest of the maxima of 16 or 32 parts of the row that K of them reach.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Reached(float* row, int whole, float* rest, int k, int excluded)
    {
        TLanes nothing = TLanes.Broadcast(float.NegativeInfinity), one = TLanes.Broadcast(1f), zero = TLanes.Zero;
        TLanes even = nothing, odd = nothing, isExcluded = TLanes.FromBits(1u << (excluded & 15));
        int excludedChunk = excluded < 0 ? -1 : excluded & ~31;
        for (int i = 0; i <= whole; i += 32)
        {
            float* at = i < whole ? row + i : rest;
            TLanes v = TLanes.Load(at), next = TLanes.Load(at + 16);
            if (i == excludedChunk)
            {
                if ((excluded & 16) == 0) v = TLanes.Select(isExcluded, nothing, v);
                else next = TLanes.Select(isExcluded, nothing, next);
            }
            even = TLanes.Max(v, even);
            odd = TLanes.Max(next, odd);
        }
        float* maxima = stackalloc float[32];
        TLanes limit = TLanes.Broadcast(k), reachedEven = zero, reachedOdd = zero;
        if (k <= FewListed)
        {
            even = TLanes.Max(even, odd);
            TLanes.Store(maxima, even);
            for (int p = 0; p < 16; p++) reachedEven += TLanes.WhereGreater(even, TLanes.Broadcast(maxima[p]), zero, one);
            return TLanes.MaxAcross(TLanes.Select(TLanes.GreaterThanOrEqual(reachedEven, limit), even, nothing));
        }
        TLanes.Store(maxima, even);
        TLanes.Store(maxima + 16, odd);
        for (int p = 0; p < 32; p++)
        {
            TLanes other = TLanes.Broadcast(maxima[p]);
            reachedEven += TLanes.WhereGreater(even, other, zero, one);
            reachedOdd += TLanes.WhereGreater(odd, other, zero, one);
        }
        even = TLanes.Select(TLanes.GreaterThanOrEqual(reachedEven, limit), even, nothing);
        odd = TLanes.Select(TLanes.GreaterThanOrEqual(reachedOdd, limit), odd, nothing);
        return TLanes.MaxAcross(TLanes.Max(even, odd));
    }

    /// <summary>Drops the candidates that K others beat; an equal one beats where it comes first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(float* values, int* list, int found, int k)
    {
        TLanes one = TLanes.Broadcast(1f), zero = TLanes.Zero, limit = TLanes.Broadcast(k);
        int kept = 0;
        for (int i = 0; i < found; i += 16)
        {
            // Lanes behind the last candidate hold anything.
            TLanes own = TLanes.Load(values + i), beaten = zero;
            for (int j = 0; j < found; j++)
            {
                TLanes other = TLanes.Broadcast(values[j]);
                uint later = j < i ? 0xFFFF : j >= i + 16 ? 0 : (0xFFFFu << (j - i + 1)) & 0xFFFF;
                beaten += TLanes.WhereGreater(other, own, one, TLanes.WhereEqual(other, own, TLanes.Select(TLanes.FromBits(later), one, zero), zero));
            }
            uint bits = TLanes.ToBits(TLanes.GreaterThan(limit, beaten));
            if (found - i < 16) bits &= (1u << (found - i)) - 1;
            for (; bits != 0; bits &= bits - 1) list[kept++] = list[i + BitOperations.TrailingZeroCount(bits)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int AtLeast(float* row, int count, float limit, int excluded)
    {
        TLanes bound = TLanes.Broadcast(limit);
        int whole = count & ~15, number = excluded >= 0 && row[excluded] >= limit ? -1 : 0;
        for (int i = 0; i < whole; i += 16) number += BitOperations.PopCount(TLanes.ToBits(TLanes.GreaterThanOrEqual(TLanes.Load(row + i), bound)));
        for (int i = whole; i < count; i++) number += row[i] >= limit ? 1 : 0;
        return number;
    }

    /// <summary>A whole number that is larger where the float is. Its own inverse.</summary>
    private static int Ordered(float value) => Flipped(BitConverter.SingleToInt32Bits(value));

    private static float Unordered(int ordered) => BitConverter.Int32BitsToSingle(Flipped(ordered));

    private static int Flipped(int bits) => bits ^ ((bits >> 31) & int.MaxValue);
}
