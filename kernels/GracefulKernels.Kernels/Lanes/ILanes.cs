namespace GracefulKernels.Kernels;

/// <summary>
/// Sixteen logical fp32 lanes. A kernel is written once over them; each implementation holds them in the registers it has (one of 512
/// bits, two of 256, four of 128, sixteen scalars) and rounds and folds in the same order, so that results agree bit for bit.
/// </summary>
/// <remarks>A comparison gives a lane of all ones or all zeros. A NaN compares false.</remarks>
internal unsafe interface ILanes<TSelf, TDoubles>
    where TSelf : struct, ILanes<TSelf, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Number of logical lanes, the same everywhere.</summary>
    const int Count = 16;

    static abstract string Name { get; }

    static abstract bool IsSupported { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(float* source);

    /// <summary>The first <paramref name="count"/> (0 to 16) elements, zeros behind them; nothing past them is read.</summary>
    static abstract TSelf LoadPartial(float* source, int count);

    static abstract void Store(float* destination, TSelf value);

    /// <summary>
    /// Writes to a multiple of 64 bytes past the caches where the processor can. Others see it after <see cref="Streaming.Fence"/>.
    /// </summary>
    static abstract void StoreStreaming(float* destination, TSelf value);

    /// <summary>Writes the first <paramref name="count"/> (0 to 16) lanes and nothing past them.</summary>
    static abstract void StorePartial(float* destination, int count, TSelf value);

    /// <summary>The first <paramref name="count"/> (0 to 16) whole numbers as fp32, zeros behind them; nothing past them is read.</summary>
    static abstract TSelf LoadUInt16(ushort* source, int count);

    /// <summary>Writes the first <paramref name="count"/> (0 to 16) lanes, whole numbers in [0, 65535], and nothing past them.</summary>
    static abstract void StoreUInt16(ushort* destination, int count, TSelf value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a);

    /// <summary><c>a·b + c</c> rounded once, on every processor.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Abs(TSelf a);

    static abstract TSelf Sqrt(TSelf a);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf a);

    /// <summary><c>a &gt; b ? a : b</c>: <paramref name="b"/> where either is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary><c>a &lt; b ? a : b</c>: <paramref name="b"/> where either is NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    static abstract TSelf GreaterThan(TSelf a, TSelf b);

    static abstract TSelf GreaterThanOrEqual(TSelf a, TSelf b);

    static abstract TSelf Equal(TSelf a, TSelf b);

    /// <summary>Lane by lane <c>mask ? a : b</c>.</summary>
    static abstract TSelf Select(TSelf mask, TSelf a, TSelf b);

    /// <summary>Lane by lane <c>a &gt; b ? x : y</c>, in one step where the processor has mask registers.</summary>
    static abstract TSelf WhereGreater(TSelf a, TSelf b, TSelf x, TSelf y);

    /// <summary>Lane by lane <c>a == b ? x : y</c>, in the same way.</summary>
    static abstract TSelf WhereEqual(TSelf a, TSelf b, TSelf x, TSelf y);

    /// <summary>One bit a lane of a comparison.</summary>
    static abstract uint ToBits(TSelf mask);

    /// <summary>The comparison result that has these bits.</summary>
    static abstract TSelf FromBits(uint bits);

    /// <summary><c>a·2ⁿ</c> rounded once, for whole n in [−250, 250] and a in [½, 2]: overflow to infinity, gradual underflow.</summary>
    static abstract TSelf Scale(TSelf a, TSelf n);

    /// <summary><c>a = m·2ⁿ</c> without rounding, m in [√½, √2), for positive normal a; gives m. Other lanes hold anything.</summary>
    static abstract TSelf Split(TSelf a, out TSelf n);

    /// <summary>Sixteen integers rounded to fp32.</summary>
    static abstract TSelf FromInt32(int* source);

    /// <summary>Sum in one fixed tree: lane i with i + 8, then + 4, + 2, + 1.</summary>
    static abstract float Sum(TSelf a);

    /// <summary>Largest lane by <see cref="Max"/> in the tree of <see cref="Sum"/>.</summary>
    static abstract float MaxAcross(TSelf a);

    /// <summary>Exact widening: lanes 0 to 7 and lanes 8 to 15.</summary>
    static abstract void Widen(TSelf a, out TDoubles low, out TDoubles high);

    /// <summary>Rounds lanes 0 to 7 and 8 to 15 to fp32.</summary>
    static abstract TSelf Narrow(TDoubles low, TDoubles high);
}
