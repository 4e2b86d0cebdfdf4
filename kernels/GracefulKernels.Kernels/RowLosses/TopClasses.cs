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

    /// <summary>Elements that are looked at closely; where more lie above the first guess (ties, as a rule), there is no list.</summary>
    private const int MostCandidates = 64;

    /// <summary>
    /// The places in ascending order, as <paramref name="list"/> (room for 64); false where they are better found by <see cref="Bound"/>. Two looks at the row: the maxima of 32 parts
    /// give a number that at least K elements reach, and few others do.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool List(float* row, int count, int k, int excluded, int* list)
    {
        float guess = Reached(row, count, k, excluded);
        if (float.IsNegativeInfinity(guess)) return false;
        float* values = stackalloc float[MostCandidates];
        int found = 0;
        TLanes limit = TLanes.Broadcast(guess);
        for (int i = 0; i < count; i += 16)
        {
            TLanes v = i + 16 <= count ? TLanes.Load(row + i) : TLanes.LoadPartial(row + i, count - i);
            uint bits = TLanes.ToBits(TLanes.GreaterThanOrEqual(v, limit));
            if (bits == 0) continue;
            if (count - i < 16) bits &= (1u << (count - i)) - 1;
            if ((uint)(excluded - i) < 16) bits &= ~(1u << (excluded - i));
            if (found + BitOperations.PopCount(bits) > MostCandidates) return false;
            for (; bits != 0; bits &= bits - 1)
            {
                int at = i + BitOperations.TrailingZeroCount(bits);
                values[found] = row[at];
                list[found++] = at;
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

    /// <summary>The largest of the maxima of 32 parts of the row that K of them reach.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Reached(float* row, int count, int k, int excluded)
    {
        TLanes nothing = TLanes.Broadcast(float.NegativeInfinity), even = nothing, odd = nothing;
        int excludedChunk = excluded < 0 ? -1 : excluded & ~15, i = 0;
        TLanes isExcluded = TLanes.FromBits(1u << (excluded & 15));
        for (; i + 32 <= count; i += 32)
        {
            TLanes v = TLanes.Load(row + i), next = TLanes.Load(row + i + 16);
            if (i == excludedChunk) v = TLanes.Select(isExcluded, nothing, v);
            if (i + 16 == excludedChunk) next = TLanes.Select(isExcluded, nothing, next);
            even = TLanes.Max(v, even);
            odd = TLanes.Max(next, odd);
        }
        for (; i < count; i += 16)
        {
            int rest = Math.Min(16, count - i);
            TLanes v = TLanes.Select(TLanes.FromBits((1u << rest) - 1), TLanes.LoadPartial(row + i, rest), nothing);
            if (i == excludedChunk) v = TLanes.Select(isExcluded, nothing, v);
            even = TLanes.Max(v, even);
        }
        float* maxima = stackalloc float[32];
        TLanes.Store(maxima, even);
        TLanes.Store(maxima + 16, odd);
        float reached = float.NegativeInfinity;
        for (int p = 0; p < 32; p++)
        {
            TLanes limit = TLanes.Broadcast(maxima[p]);
            uint bits = TLanes.ToBits(TLanes.GreaterThanOrEqual(even, limit)) | (TLanes.ToBits(TLanes.GreaterThanOrEqual(odd, limit)) << 16);
            reached = BitOperations.PopCount(bits) >= k && maxima[p] > reached ? maxima[p] : reached;
        }
        return reached;
    }

    /// <summary>Drops the candidates that K others beat; an equal one beats where it comes first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(float* values, int* list, int found, int k)
    {
        int padded = (found + 15) & ~15, kept = 0;
        for (int i = found; i < padded; i++) values[i] = float.NegativeInfinity;
        for (int j = 0; j < found; j++)
        {
            TLanes own = TLanes.Broadcast(values[j]);
            int beaten = 0;
            for (int i = 0; i < padded; i += 16)
            {
                TLanes v = TLanes.Load(values + i);
                uint earlier = j >= i + 16 ? 0xFFFF : j <= i ? 0 : (1u << (j - i)) - 1;
                beaten += BitOperations.PopCount(TLanes.ToBits(TLanes.GreaterThan(v, own)) | (TLanes.ToBits(TLanes.Equal(v, own)) & earlier));
            }
            list[kept] = list[j];
            kept += beaten < k ? 1 : 0;
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
