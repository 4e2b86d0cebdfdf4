using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The exponential with its coefficients in registers: loaded once before a loop. Constants written where they are used would be read
/// from memory at each use, ten for an exponential, which takes longer than the arithmetic.
/// </summary>
internal readonly unsafe struct Exponential<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private readonly TLanes _smallest, _log2E, _ln2High, _ln2Low, _c6, _c5, _c4, _c3, _c2, _one;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Exponential(float* c)
    {
        _smallest = TLanes.Broadcast(c[0]);
        _log2E = TLanes.Broadcast(c[1]);
        _ln2High = TLanes.Broadcast(c[2]);
        _ln2Low = TLanes.Broadcast(c[3]);
        _c6 = TLanes.Broadcast(c[4]);
        _c5 = TLanes.Broadcast(c[5]);
        _c4 = TLanes.Broadcast(c[6]);
        _c3 = TLanes.Broadcast(c[7]);
        _c2 = TLanes.Broadcast(c[8]);
        _one = TLanes.Broadcast(c[9]);
    }

    /// <summary>Call it before anything else is in a vector register: a call saves none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Exponential<TLanes, TDoubles> Load() => new(ExponentialTable.Pointer());

    /// <summary>
    /// eˣ for x in [−∞, 88.7], at most 1 ulp off (where the result is subnormal, of its grid); NaN stays NaN. Exactly 1 at 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of(TLanes x)
    {
        x = TLanes.Max(_smallest, x);
        TLanes n = TLanes.Round(x * _log2E);
        TLanes r = TLanes.MultiplyAdd(n, _ln2Low, TLanes.MultiplyAdd(n, _ln2High, x));
        TLanes q = TLanes.MultiplyAdd(r, _c6, _c5);
        q = TLanes.MultiplyAdd(q, r, _c4);
        q = TLanes.MultiplyAdd(q, r, _c3);
        q = TLanes.MultiplyAdd(q, r, _c2);
        q = TLanes.MultiplyAdd(q, r, _one);
        return TLanes.Scale(TLanes.MultiplyAdd(q, r, _one), n);
    }

    /// <summary>
    /// Both in turns: steps of one chain wait for each other, and the processor's queues of waiting steps are too short for the whole
    /// chain of one to stand in front of the other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Of(ref TLanes x, ref TLanes y)
    {
        TLanes a = TLanes.Max(_smallest, x), b = TLanes.Max(_smallest, y);
        TLanes n = a * _log2E, m = b * _log2E;
        n = TLanes.Round(n);
        m = TLanes.Round(m);
        a = TLanes.MultiplyAdd(n, _ln2High, a);
        b = TLanes.MultiplyAdd(m, _ln2High, b);
        a = TLanes.MultiplyAdd(n, _ln2Low, a);
        b = TLanes.MultiplyAdd(m, _ln2Low, b);
        TLanes p = TLanes.MultiplyAdd(a, _c6, _c5), q = TLanes.MultiplyAdd(b, _c6, _c5);
        p = TLanes.MultiplyAdd(p, a, _c4);
        q = TLanes.MultiplyAdd(q, b, _c4);
        p = TLanes.MultiplyAdd(p, a, _c3);
        q = TLanes.MultiplyAdd(q, b, _c3);
        p = TLanes.MultiplyAdd(p, a, _c2);
        q = TLanes.MultiplyAdd(q, b, _c2);
        p = TLanes.MultiplyAdd(p, a, _one);
        q = TLanes.MultiplyAdd(q, b, _one);
        p = TLanes.MultiplyAdd(p, a, _one);
        q = TLanes.MultiplyAdd(q, b, _one);
        x = TLanes.Scale(p, n);
        y = TLanes.Scale(q, m);
    }

    /// <summary>Four in turns, for registers wide enough that they all stay in one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Of(ref TLanes x, ref TLanes y, ref TLanes z, ref TLanes w)
    {
        TLanes a = TLanes.Max(_smallest, x), b = TLanes.Max(_smallest, y), c = TLanes.Max(_smallest, z), d = TLanes.Max(_smallest, w);
        TLanes n = a * _log2E, m = b * _log2E, k = c * _log2E, l = d * _log2E;
        n = TLanes.Round(n);
        m = TLanes.Round(m);
        k = TLanes.Round(k);
        l = TLanes.Round(l);
        a = TLanes.MultiplyAdd(n, _ln2High, a);
        b = TLanes.MultiplyAdd(m, _ln2High, b);
        c = TLanes.MultiplyAdd(k, _ln2High, c);
        d = TLanes.MultiplyAdd(l, _ln2High, d);
        a = TLanes.MultiplyAdd(n, _ln2Low, a);
        b = TLanes.MultiplyAdd(m, _ln2Low, b);
        c = TLanes.MultiplyAdd(k, _ln2Low, c);
        d = TLanes.MultiplyAdd(l, _ln2Low, d);
        TLanes p = TLanes.MultiplyAdd(a, _c6, _c5), q = TLanes.MultiplyAdd(b, _c6, _c5);
        TLanes s = TLanes.MultiplyAdd(c, _c6, _c5), t = TLanes.MultiplyAdd(d, _c6, _c5);
        p = TLanes.MultiplyAdd(p, a, _c4);
        q = TLanes.MultiplyAdd(q, b, _c4);
        s = TLanes.MultiplyAdd(s, c, _c4);
        t = TLanes.MultiplyAdd(t, d, _c4);
        p = TLanes.MultiplyAdd(p, a, _c3);
        q = TLanes.MultiplyAdd(q, b, _c3);
        s = TLanes.MultiplyAdd(s, c, _c3);
        t = TLanes.MultiplyAdd(t, d, _c3);
        p = TLanes.MultiplyAdd(p, a, _c2);
        q = TLanes.MultiplyAdd(q, b, _c2);
        s = TLanes.MultiplyAdd(s, c, _c2);
        t = TLanes.MultiplyAdd(t, d, _c2);
        p = TLanes.MultiplyAdd(p, a, _one);
        q = TLanes.MultiplyAdd(q, b, _one);
        s = TLanes.MultiplyAdd(s, c, _one);
        t = TLanes.MultiplyAdd(t, d, _one);
        p = TLanes.MultiplyAdd(p, a, _one);
        q = TLanes.MultiplyAdd(q, b, _one);
        s = TLanes.MultiplyAdd(s, c, _one);
        t = TLanes.MultiplyAdd(t, d, _one);
        x = TLanes.Scale(p, n);
        y = TLanes.Scale(q, m);
        z = TLanes.Scale(s, k);
        w = TLanes.Scale(t, l);
    }
}

internal static unsafe class ExponentialTable
{
    // From −104 down eˣ is below half of the smallest subnormal number, so 0. ln 2 comes in two parts; the first has trailing zeros, so
    // that its product with a whole number is exact. The polynomial is minimax (Remez), rounded to fp32.
    private static ReadOnlySpan<float> Values =>
    [
        -104f, 1.44269504f, -0.693359375f, 2.12194440e-4f,
        1.381444046e-3f, 8.368779905e-3f, 4.166839644e-2f, 1.666651964e-1f, 4.999999404e-1f, 1f,
    ];

    /// <summary>Through a call that the compiler does not look into: what it knows to be constant it reads again at each use.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float* Pointer() => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Values));
}
